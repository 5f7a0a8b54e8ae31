using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using static ColdPages.Tests.Bins;

namespace ColdPages.Tests;

public sealed class PassClockTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly PassClock _clock;
    private readonly long _beginning;

    public PassClockTests()
    {
        _clock = new PassClock(_time);
        _beginning = _time.GetTimestamp();
    }

    [Fact]
    public void Before_the_first_pass_there_is_none()
    {
        Assert.Equal((0, -1, 0, 0L), (_clock.Begun, _clock.Current, _clock.Ended, _clock.LastEnd));
        Assert.Throws<ArgumentOutOfRangeException>(() => _clock.AgeOf(0));
    }

    [Fact]
    public void An_age_runs_from_the_end_of_the_pass_that_saw_the_touch_to_the_start_of_the_one_that_looks()
    {
        Pass(lasts: 3);
        _time.Advance(S(2));
        Pass(lasts: 5);
        Assert.Equal(S(2), _clock.AgeOf(1));
        _time.Advance(S(2));
        Pass(lasts: 1);
        Assert.Equal([S(0), S(2), S(9)], _clock.Edges(2));
    }

    [Fact]
    public void A_slow_first_pass_makes_no_page_older()
    {
        Pass(lasts: 600);
        _time.Advance(S(2));
        Pass(lasts: 0);
        Assert.Equal([S(0), S(2)], _clock.Edges(1));
    }

    [Fact]
    public void A_late_timer_makes_a_longer_step()
    {
        Pass(lasts: 0.5);
        _time.Advance(S(2));
        Pass(lasts: 0.5);
        _time.Advance(S(47));
        Pass(lasts: 0.5);
        Assert.Equal([S(0), S(47), S(49.5)], _clock.Edges(2));
    }

    [Fact]
    public void While_a_pass_is_under_way_its_ages_are_at_its_start()
    {
        Pass(lasts: 1);
        _time.Advance(S(2));
        _clock.Begin();
        _time.Advance(S(100));
        Assert.Equal((2, 1, 1), (_clock.Begun, _clock.Current, _clock.Ended));
        Assert.Equal(S(2), _clock.AgeOf(1));
        _clock.End();
        Assert.Equal(2, _clock.Ended);
        Assert.Equal(TimeSpan.Zero, _time.GetElapsedTime(_clock.LastEnd));
    }

    [Fact]
    public void An_age_of_more_passes_than_there_were_is_refused()
    {
        Pass(lasts: 1);
        Pass(lasts: 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => _clock.AgeOf(2));
    }

    [Fact]
    public void After_more_passes_than_are_told_the_oldest_ages_are_still_right()
    {
        const int Passes = 1000;
        List<TimeSpan> starts = [];
        List<TimeSpan> ends = [];
        for (int pass = 0; pass < Passes; pass++)
        {
            _time.Advance(S(1 + (pass % 7)));
            starts.Add(Now);
            _clock.Begin();
            _time.Advance(S(0.25 * (pass % 3)));

            // Both while the pass is under way and when it has ended.
            for (int round = 0; round < 2; round++)
            {
                for (int ago = 1; ago <= Math.Min(pass, PassClock.MaxPasses); ago++)
                    Assert.Equal(starts[pass] - ends[pass - ago], _clock.AgeOf(ago));
                if (round == 0)
                {
                    _clock.End();
                    ends.Add(Now);
                }
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => _clock.AgeOf(PassClock.MaxPasses + 1));
    }

    [Property]
    public void Ages_are_never_more_than_the_time_between_nor_less_than_the_intervals((byte Lasts, byte Late)[] passes)
    {
        const double Interval = 2;
        FakeTimeProvider time = new();
        PassClock clock = new(time);
        List<long> ends = [];
        foreach ((byte lasts, byte late) in passes)
        {
            clock.Begin();
            long start = time.GetTimestamp();
            time.Advance(TimeSpan.FromMilliseconds(lasts * 10));
            clock.End();
            ends.Add(time.GetTimestamp());
            TimeSpan[] edges = clock.Edges(clock.Current);
            Assert.Equal(TimeSpan.Zero, edges[0]);
            for (int ago = 1; ago < edges.Length; ago++)
            {
                Assert.True(edges[ago] <= time.GetElapsedTime(ends[clock.Current - ago], start));
                Assert.True(edges[ago] >= ago * S(Interval));
                Assert.True(edges[ago] > edges[ago - 1]);
            }

            time.Advance(S(Interval) + TimeSpan.FromMilliseconds(late));
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_beginning);

    private void Pass(double lasts)
    {
        _clock.Begin();
        _time.Advance(S(lasts));
        _clock.End();
    }
}
