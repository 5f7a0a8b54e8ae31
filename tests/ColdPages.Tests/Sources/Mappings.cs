namespace ColdPages.Tests;

/// <summary>Mappings for processes of a host in memory, sizes in KiB.</summary>
internal static class Mappings
{
    public const long KiB = 1024;

    public static FakeMapping Anon(long size) => new() { Rss = size * KiB, Name = "[heap]" };

    public static FakeMapping OfDevice(long size, string device, string name) =>
        new() { Rss = size * KiB, Anonymous = 0, Device = device, Name = name };

    /// <summary>Some of it is touched.</summary>
    public static void Touch(this FakeMapping mapping, long size) =>
        mapping.Referenced = Math.Min(mapping.Rss, Math.Min(mapping.Rss, mapping.Referenced) + (size * KiB));
}
