using FsCheck;
using FsCheck.Fluent;

namespace ColdPages.Tests;

/// <summary>Random histories of a simulated host: all that may happen to pages, between passes and in the middle of them.</summary>
public sealed class IdleBitmapHistoryTests
{
    private static readonly int s_histories = RandomHistories.Count(1000);

    private long _exact;
    private long _doubted;
    private long _promoted;
    private readonly long[] _events = new long[Enum.GetValues<HistoryEvent>().Length];

    [Fact]
    public void No_page_is_told_to_be_idle_for_longer_than_it_is()
    {
        Check.One(RandomHistories.Config(s_histories), Prop.ForAll<byte, byte, (byte Action, byte Which, byte Size)[]>(Happen));

        // That much has been put to the test at all. Doubts come by whole large folios: 121 to 2,618 pages in twelve runs of 1,000 histories; of a few histories nothing can be expected.
        string tested = $"{_exact} folios had their exact age, {_doubted} pages were in doubt and rightly so, {_promoted} were promoted for certain.";
        Assert.True(s_histories < 1000 || (_exact > 500L * s_histories && _doubted > s_histories / 20 && _promoted > s_histories / 4), tested);
        string events = string.Join(", ", Enum.GetValues<HistoryEvent>().Select(happened => $"{happened} {_events[(int)happened]}"));
        Assert.True(s_histories < 1000 || _events.All(static count => count > 0), events);
        TestContext.Current.TestOutputHelper?.WriteLine($"{tested} {events}.");
    }

    // A page that is migrated with its mark into the last word, which is not whole, and found idle when memory is added behind it.
    [Fact]
    public void A_mark_that_came_along_to_where_it_could_not_be_looked_at_is_right() =>
        Happen(151, 65, [(196, 133, 24), (36, 46, 108), (59, 0, 0)]);

    private void Happen(byte sizes, byte flags, (byte Action, byte Which, byte Size)[] steps)
    {
        IdleBitmapHistory history = new(IdleBitmapHistory.OptionsFrom(sizes, flags));
        foreach ((byte action, byte which, byte size) in steps)
            history.Step(action, which, size);
        history.Pass();
        history.Pass();
        _exact += history.Proof.ExactFolios;
        _doubted += history.Proof.DoubtedPages;
        _promoted += history.Proof.Promotions.AtLeast;
        foreach (HistoryEvent happened in Enum.GetValues<HistoryEvent>())
            _events[(int)happened] += history.Events[(int)happened];
    }
}
