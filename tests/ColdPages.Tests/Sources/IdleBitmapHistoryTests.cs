using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace ColdPages.Tests;

/// <summary>Random histories of a simulated host: all that may happen to pages, between passes and in the middle of them.</summary>
public sealed class IdleBitmapHistoryTests
{
    // For more than the usual number of histories: an environment variable.
    private static readonly int s_histories =
        int.TryParse(Environment.GetEnvironmentVariable("COLDPAGES_HISTORIES"), NumberStyles.None, CultureInfo.InvariantCulture, out int histories) ? histories : 1000;

    private long _exact;
    private long _doubted;
    private long _promoted;

    [Fact]
    public void No_page_is_told_to_be_idle_for_longer_than_it_is()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(s_histories), Prop.ForAll<byte, byte, (byte Action, byte Which, byte Size)[]>(Happen));

        // That much has been put to the test at all.
        string tested = $"{_exact} folios had their exact age, {_doubted} pages were in doubt and rightly so, {_promoted} were promoted for certain.";
        Assert.True(_exact > 500L * s_histories && _doubted > s_histories / 4 && _promoted > s_histories / 4, tested);
    }

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
    }
}
