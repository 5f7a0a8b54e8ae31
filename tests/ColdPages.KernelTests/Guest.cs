namespace ColdPages.KernelTests;

/// <summary>The machine that these tests are for.</summary>
internal static class Guest
{
    private const string Marker = "COLDPAGES_GUEST";

    public static bool IsHere => Environment.GetEnvironmentVariable(Marker) == "1";

    /// <summary>How often a test that can be repeated at little cost is: once, or as COLDPAGES_KERNEL_RUNS says.</summary>
    public static int Runs => int.Parse(Environment.GetEnvironmentVariable("COLDPAGES_KERNEL_RUNS") ?? "1", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// Skips the test anywhere but in the guest: it makes cgroups and mounts at will. In the guest nothing is skipped: what is missing there is a
    /// mistake of the kernel's configuration or of the runner.
    /// </summary>
    public static void Require() => Assert.SkipUnless(
        IsHere, $"cannot run here: not the guest ({Marker} is not 1); run ./test.sh, or this executable by tests/vm/run");
}
