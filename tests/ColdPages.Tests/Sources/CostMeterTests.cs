namespace ColdPages.Tests;

public sealed class CostMeterTests
{
    [Fact]
    public void Bytes_are_summed_by_file_and_told_in_entries_of_8_begun_ones_included()
    {
        CostMeter cost = new();
        cost.Read("/proc/kpageflags", 8);
        cost.Read("/proc/kpageflags", 9);
        cost.Read("/proc/kpagecgroup", 16);
        cost.Write("/proc/kpageflags", 800);
        Assert.Equal([new("/proc/kpagecgroup", 2), new("/proc/kpageflags", 3)], cost.EntriesRead());
        Assert.Equal([new("/proc/kpageflags", 100)], cost.EntriesWritten());
    }

    [Fact]
    public void Entries_are_counted_as_they_are()
    {
        CostMeter cost = new();
        cost.ReadEntries("/proc/kpageflags", 5_000_000_000);
        cost.Read("/proc/kpageflags", 8);
        cost.WriteEntries(IdleBitmap.Name, 3);
        cost.WriteEntries(IdleBitmap.Name, 0);
        Assert.Equal([new("/proc/kpageflags", 5_000_000_001)], cost.EntriesRead());
        Assert.Equal([new(IdleBitmap.Name, 3)], cost.EntriesWritten());
    }
}
