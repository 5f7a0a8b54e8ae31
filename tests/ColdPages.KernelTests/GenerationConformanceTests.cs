namespace ColdPages.KernelTests;

/// <summary>The generations of the simulated host are those of a kernel: histories that are run on both, and compared after each step.</summary>
public sealed class GenerationConformanceTests : IClassFixture<QuietGenerations>
{
    private const int Pages = 2048;
    private const int Half = Pages / 2;

    [Theory]
    [InlineData("anon")]
    [InlineData("thp")]
    [InlineData("shmem")]
    public void Memory_that_is_touched_in_part(string kind)
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map(kind, Pages);
        twins.Touch(region, 0, Pages);
        twins.Drain();
        twins.CompareGenerations("fresh");
        for (int generation = 1; generation <= 4; generation++)
        {
            twins.Age();
            twins.CompareGenerations($"aged {generation} times");
        }

        twins.Touch(region, 0, Half);
        twins.Age();
        twins.CompareGenerations("half touched, aged");
        twins.Read(region, 0, Half / 2);
        twins.Age();
        twins.CompareGenerations("a quarter read, aged");
        twins.Age(3);
        twins.Touch(region, Half, Half / 2);
        twins.Age();
        twins.CompareGenerations("another quarter touched for the first time since it was filled, aged");
    }

    [Fact]
    public void Memory_that_is_given_up_locked_or_moved()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("anon", Pages);
        twins.Touch(region, 0, Pages);
        twins.Drain();
        twins.Age(4);
        twins.LazyFree(region, 0, 512);
        twins.Drain();
        twins.CompareGenerations("lazily freed");
        twins.Lock(region, 512, 512);
        twins.Drain();
        twins.CompareGenerations("locked");
        twins.Unlock(region, 512, 512);
        twins.Drain();
        twins.CompareGenerations("unlocked");
        twins.Move(region, Half, 256);
        twins.Drain();
        twins.CompareGenerations("moved");
        twins.Age(swappiness: 0);
        twins.CompareGenerations("aged without anonymous memory");
    }

    [Fact]
    public void Page_cache()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("file", Pages);
        twins.Drain();
        twins.CompareGenerations("written");
        twins.Age(3);
        twins.ReadFile(region, 0, Half);
        twins.Drain();
        twins.Age();
        twins.CompareGenerations("read, aged");
    }

    [Fact]
    public void Page_cache_that_is_mapped()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("file", Pages);
        twins.Drain();
        for (int generation = 1; generation <= 5; generation++)
        {
            twins.Read(region, 0, Pages);
            twins.Age();
            twins.CompareGenerations($"read by address, aged {generation} times");
        }
    }

    [Fact]
    public void Page_cache_of_a_cgroup_that_is_removed()
    {
        Guest.Require();
        using TwinHosts twins = new();
        int region = twins.Map("file", Pages);
        twins.Read(region, 0, Pages);
        twins.Free(region, 0, Pages);
        twins.Drain();
        twins.Age(2);
        twins.CompareGenerations("aged");
        twins.Remove();
        twins.CompareGenerations("removed, its parent");
        twins.CompareRemovedGenerations("removed");
    }
}
