using FsCheck;
using FsCheck.Fluent;

namespace ColdPages.Tests;

/// <summary>Random histories of a simulated host with the multi-generational LRU: touches seen and unseen, reclaim, strangers, memcgs and processes that come and go.</summary>
public sealed class MultiGenLruHistoryTests
{
    private static readonly int s_histories = RandomHistories.Count(1000);

    private long _exact;
    private long _bounded;
    private long _exactPromotions;
    private long _boundedPromotions;

    [Fact]
    public void The_truth_lies_within_the_bounds()
    {
        Check.One(RandomHistories.Config(s_histories), Prop.ForAll<byte, (byte Action, byte Which, byte Size)[]>(Happen));

        // That much has been put to the test at all.
        Assert.True(_exact > 5L * s_histories && _bounded > 10L * s_histories, $"{_exact} ages were exact, {_bounded} had a lower bound.");
        string promotions = $"{_exactPromotions} times promotions were exact, {_boundedPromotions} had a lower bound.";
        Assert.True(_exactPromotions > s_histories / 10 && _boundedPromotions > s_histories, promotions);
        TestContext.Current.TestOutputHelper?.WriteLine(promotions);
    }

    private void Happen(byte flags, (byte Action, byte Which, byte Size)[] steps)
    {
        using MultiGenLruHistory history = new(flags);
        foreach ((byte action, byte which, byte size) in steps)
            history.Step(action, which, size);
        history.Pass();
        history.Pass();
        _exact += history.Proof.Exact;
        _bounded += history.Proof.Bounded;
        _exactPromotions += history.Proof.Promotions.Exact;
        _boundedPromotions += history.Proof.Promotions.Bounded;
    }
}
