namespace ColdPages.KernelTests;

/// <summary>What was told of one workload, pass after pass, held against what is right; and by how much it was off at worst.</summary>
internal sealed class Evidence(string memcg, int sizeMiB)
{
    private const long MiB = 1L << 20;

    private readonly long _allowance = Math.Max(3 * MiB, sizeMiB * MiB / 100);
    private long _older;
    private long _younger;
    private long _doubtful;
    private long _tooCertain;
    private long _tooImpossible;

    /// <summary>Makes so many passes while the kernel moves pages: none may be told older than it is, and what is promoted lies within its bounds.</summary>
    public async Task ScanAsync(ColdPageTracker tracker, TouchRecord right, int passes)
    {
        for (int pass = 0; pass < passes; pass++)
        {
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);
            right.Pass();
            AssertNotOlder(snapshot, right);
            AssertPromotions(snapshot, right, allowanceMiB: 1, byAge: false);
        }
    }

    /// <summary>Each bin as it should be.</summary>
    public void AssertAges(ColdPageSnapshot snapshot, TouchRecord right)
    {
        AssertNotOlder(snapshot, right);
        AgeHistogram told = snapshot[memcg].Idle();
        for (int age = 0; age < told.Count; age++)
            Truth.AssertNear(right.Bins[age], told[age].LowerBytes, $"{age} passes old of {Truth.Describe(told)}");
    }

    /// <summary>All is told, none of it older than it is; what the kernel moved may be told younger.</summary>
    public void AssertNotOlder(ColdPageSnapshot snapshot, TouchRecord right)
    {
        AgeHistogram told = snapshot[memcg].Idle();
        int[] bins = right.Bins;
        Truth.AssertNear(bins.Sum(), told.TotalBytes, $"all of {Truth.Describe(told)}");
        long older = 0, younger = 0, toldSoFar = 0, rightSoFar = 0;
        for (int age = bins.Length - 1; age > 0; age--)
        {
            toldSoFar += told[age].LowerBytes;
            rightSoFar += bins[age] * MiB;
            older = Math.Max(older, toldSoFar - rightSoFar);
            younger = Math.Max(younger, rightSoFar - toldSoFar);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Truth.Describe(told)} where {string.Join(", ", bins)} are right; {InMiB(older)} too old, {InMiB(younger)} too young, {InMiB(snapshot.Confidence.DoubtfulBytes)} in doubt");
        (_older, _younger, _doubtful) = (Math.Max(_older, older), Math.Max(_younger, younger), Math.Max(_doubtful, snapshot.Confidence.DoubtfulBytes));
        Assert.True(older <= _allowance + snapshot.Confidence.DoubtfulBytes, $"{InMiB(older)} are told older than they are: {Truth.Describe(told)} where {string.Join(", ", bins)} are right.");
    }

    /// <summary>What was touched after it had been idle for so many passes or more lies within what is told of it; where the kernel moves nothing, of each age by itself.</summary>
    public void AssertPromotions(ColdPageSnapshot snapshot, TouchRecord right, int allowanceMiB, bool byAge)
    {
        AgeHistogram idle = snapshot[memcg].Idle();
        PromotionHistogram told = snapshot[memcg].Promotions();
        int[] promoted = right.Promoted;
        ByteBounds toldSoFar = default;
        long rightSoFar = 0;
        for (int age = promoted.Length - 1; age > 0; age--)
        {
            ByteBounds bounds = told.FirstOrDefault(bin => bin.From == idle[age].From).Bytes;
            toldSoFar = byAge ? bounds : toldSoFar + bounds;
            rightSoFar = byAge ? promoted[age] * MiB : rightSoFar + (promoted[age] * MiB);
            if (bounds.AtMost > 0 || promoted[age] > 0)
                TestContext.Current.TestOutputHelper?.WriteLine($"promoted after {age} passes: {InMiB(bounds.AtLeast)} to {InMiB(bounds.AtMost)} where {promoted[age]} are right");
            _tooCertain = Math.Max(_tooCertain, toldSoFar.AtLeast - rightSoFar);

            // What moved before it was touched is told with the age that it had since.
            if (byAge || age == 1)
                _tooImpossible = Math.Max(_tooImpossible, rightSoFar - toldSoFar.AtMost);
        }

        Assert.True(
            Math.Max(_tooCertain, _tooImpossible) <= allowanceMiB * MiB, $"Promotions: at least too much by {InMiB(_tooCertain)}, at most too little by {InMiB(_tooImpossible)}.");
    }

    /// <summary>The worst of all.</summary>
    public void Report() => TestContext.Current.TestOutputHelper?.WriteLine(
        $"{memcg} at worst: {InMiB(_older)} too old, {InMiB(_younger)} too young, {InMiB(_doubtful)} in doubt; promotions at least too much by {InMiB(_tooCertain)}, at most too little by {InMiB(_tooImpossible)}");

    private static string InMiB(long bytes) => $"{bytes / (double)MiB:F2} MiB";
}
