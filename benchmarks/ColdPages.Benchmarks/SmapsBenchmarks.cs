using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;

namespace ColdPages.Benchmarks;

/// <summary>
/// Parsing the smaps of a process with 10,000 mappings; time and allocation are for one mapping. The reading itself, which costs the kernel
/// far more, is not in it.
/// </summary>
[MemoryDiagnoser]
public class SmapsBenchmarks
{
    private const int Mappings = 10_000;

    private byte[] _text = [];
    private KernelFiles _files = new MemoryFile([], 0);
    private Totals _expected;

    private readonly record struct Totals(int Mappings, long Rss, long Referenced, long Anonymous);

    /// <summary>The most that one read gives. Linux gives whole mappings up to a page of 4 KiB, whatever the buffer's size.</summary>
    [Params(4 * 1024, 64 * 1024)]
    public int ReadBytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _text = MakeText(out _expected);
        _files = new MemoryFile(_text, ReadBytes);
        if (Sum() != _expected || SumBySplit() != _expected)
            throw new InvalidOperationException($"{Sum()} and {SumBySplit()} are to be {_expected}.");
        Console.WriteLine($"// smaps: {_text.Length} bytes, {_text.Length / Mappings} a mapping");
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Mappings, Description = "one string, Split")]
    public long Split() => SumBySplit().Referenced;

    [Benchmark(OperationsPerInvoke = Mappings, Description = "Smaps.Read")]
    public long Smaps() => Sum().Referenced;

    private Totals Sum()
    {
        Summer summer = default;
        Errno error = ColdPages.Smaps.Read(_files, "/proc/1/smaps"u8, ref summer, out _);
        return error == Errno.None ? summer.Totals : throw new InvalidOperationException($"{error}");
    }

    // What one writes first: File.ReadAllText, then Split by lines and by blanks.
    private Totals SumBySplit()
    {
        Totals totals = default;
        foreach (string line in Encoding.UTF8.GetString(_text).Split('\n'))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 5 && fields[0].Contains('-'))
                totals = totals with { Mappings = totals.Mappings + 1 };
            else if (fields is ["Rss:", string rss, "kB"])
                totals = totals with { Rss = totals.Rss + Parse(rss) };
            else if (fields is ["Referenced:", string referenced, "kB"])
                totals = totals with { Referenced = totals.Referenced + Parse(referenced) };
            else if (fields is ["Anonymous:", string anonymous, "kB"])
                totals = totals with { Anonymous = totals.Anonymous + Parse(anonymous) };
        }

        return totals;

        static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture) * 1024;
    }

    // The fields of Linux 6.12, with the mappings of a large Java server in mind: heaps and thread stacks, libraries in four parts each.
    private static byte[] MakeText(out Totals totals)
    {
        Random random = new(1);
        StringBuilder text = new();
        long rssSum = 0;
        long referencedSum = 0;
        long anonymousSum = 0;
        ulong address = 0x7f0a_3c00_0000;
        for (int i = 0; i < Mappings; i++)
        {
            bool isFile = i % 5 < 2;
            long kib = 4L << random.Next(0, isFile ? 10 : 14);
            long rss = random.Next(4) == 0 ? 0 : Round(kib * random.NextDouble());
            long referenced = Round(rss * random.NextDouble());
            long anonymous = isFile ? Round(rss * 0.1) : rss;
            long clean = rss - anonymous;
            ulong end = address + ((ulong)kib * 1024);
            string header = isFile
                ? $"{address:x}-{end:x} r-xp {i % 64 * 4096:x8} fe:00 {200_000 + (i / 4)}"
                : $"{address:x}-{end:x} rw-p 00000000 00:00 0";
            text.Append(header);
            if (isFile)
                text.Append(' ', Math.Max(1, 73 - header.Length)).Append(CultureInfo.InvariantCulture, $"/usr/lib/x86_64-linux-gnu/libexample-{i / 4}.so.1.2.3");
            else
                text.Append(' ');
            text.Append('\n');
            Field("Size", kib);
            Field("KernelPageSize", 4);
            Field("MMUPageSize", 4);
            Field("Rss", rss);
            Field("Pss", isFile ? rss / 3 : rss);
            Field("Pss_Dirty", anonymous);
            Field("Shared_Clean", clean);
            Field("Shared_Dirty", 0);
            Field("Private_Clean", 0);
            Field("Private_Dirty", anonymous);
            Field("Referenced", referenced);
            Field("Anonymous", anonymous);
            Field("KSM", 0);
            Field("LazyFree", 0);
            Field("AnonHugePages", 0);
            Field("ShmemPmdMapped", 0);
            Field("FilePmdMapped", 0);
            Field("Shared_Hugetlb", 0);
            Field("Private_Hugetlb", 0);
            Field("Swap", 0);
            Field("SwapPss", 0);
            Field("Locked", 0);
            text.Append("THPeligible:           0\n");
            text.Append(isFile ? "VmFlags: rd ex mr mw me \n" : "VmFlags: rd wr mr mw me ac sd \n");
            rssSum += rss * 1024;
            referencedSum += referenced * 1024;
            anonymousSum += anonymous * 1024;
            address = end + 4096;
        }

        totals = new Totals(Mappings, rssSum, referencedSum, anonymousSum);
        return Encoding.ASCII.GetBytes(text.ToString());

        void Field(string name, long kib) => text.Append($"{name}:".PadRight(16)).Append($"{kib}".PadLeft(8)).Append(" kB\n");

        static long Round(double kib) => (long)kib / 4 * 4;
    }

    private struct Summer : ISmapsVisitor
    {
        public Totals Totals;

        public void Visit(in SmapsMapping mapping) => Totals = new Totals(
            Totals.Mappings + 1, Totals.Rss + mapping.Rss, Totals.Referenced + mapping.Referenced, Totals.Anonymous + mapping.Anonymous);
    }
}
