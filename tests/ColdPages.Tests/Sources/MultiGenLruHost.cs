using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace ColdPages.Tests;

/// <summary>
/// A host whose lru_gen is text that a test may write as it likes: lines that make no sense, commands that are refused or do nothing. Pages are in generations by memcg, and a command makes a new one.
/// What kernels do besides is on the simulated host, on which random histories are tested.
/// </summary>
internal sealed class MultiGenLruHost
{
    private const int MaxGenerations = 4;
    private const string File = "/sys/kernel/debug/lru_gen";

    private readonly List<MultiGenLruPage> _pages = [];
    private readonly SortedDictionary<string, Lru> _lrus = new(StringComparer.Ordinal);

    public MultiGenLruHost()
    {
        Host.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        Host.Write("/sys/kernel/mm/lru_gen/min_ttl_ms", "0\n");
        Host.Write(File, "");
        Host.OnWrite = Command;
        AddMemcg("/");
        Tree = Trees.Of(Host);
        Clock = new PassClock(Time);
        Source = new MultiGenLruSource(Host, Tree, new SourceOptions(null, [], Interval, Time, 1));
    }

    public static TimeSpan Interval => TimeSpan.FromSeconds(2);

    public FakeHost Host { get; } = new();

    public FakeTimeProvider Time { get; } = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };

    public MemcgTree Tree { get; }

    public PassClock Clock { get; }

    public MultiGenLruSource Source { get; }

    public List<Doubt> Doubts
    {
        get
        {
            List<Doubt> doubts = [];
            Source.AddDoubts(doubts);
            return doubts;
        }
    }

    /// <summary>What a command gets instead of being obeyed.</summary>
    public Errno Refusal { get; set; }

    public int Commands { get; private set; }

    /// <summary>Lines of memcgs that are no more.</summary>
    public string Removed { get; set; } = "";

    public void AddMemcg(string path, ulong? id = null)
    {
        ulong inode = Host.AddMemcg(path);
        _lrus[path] = new Lru { Id = id ?? inode };
    }

    /// <summary>Its pages stay listed under its name, with the number 0, as on Linux 6.12.</summary>
    public void RemoveMemcg(string path)
    {
        Host.RemoveMemcg(path);
        _lrus[path].Id = 0;
    }

    public MultiGenLruPage[] Allocate(string memcg, int count, bool isFile = false)
    {
        MultiGenLruPage[] pages = [.. Enumerable.Range(0, count).Select(_ => new MultiGenLruPage { Memcg = memcg, IsFile = isFile, Generation = _lrus[memcg].Youngest })];
        _pages.AddRange(pages);
        return pages;
    }

    public void Free(MultiGenLruPage[] pages) => _pages.RemoveAll(pages.Contains);

    /// <summary>By a process that maps it, of its memcg: the next generation shows it.</summary>
    public static void Touch(MultiGenLruPage page) => page.IsAccessed = true;

    /// <summary>Somebody makes a generation.</summary>
    public void Age(string memcg)
    {
        Lru lru = _lrus[memcg];
        foreach (MultiGenLruPage page in _pages.Where(page => page.Memcg == memcg && page.IsAccessed))
        {
            page.Generation = lru.Youngest;
            page.IsAccessed = false;
        }

        lru.Youngest++;
        ulong oldest = lru.Oldest;
        foreach (MultiGenLruPage page in _pages.Where(page => page.Memcg == memcg && page.Generation < oldest))
            page.Generation = oldest;
    }

    public Problem? Pass(CancellationToken cancellationToken = default)
    {
        if (Clock.Begun > 0)
            Time.Advance(Interval);
        Publish();
        Clock.Begin();
        try
        {
            Assert.Equal(Errno.None, Tree.Refresh());
            return Source.Pass(Clock, cancellationToken);
        }
        finally
        {
            Clock.End();
        }
    }

    public void Passes(int count)
    {
        for (int i = 0; i < count; i++)
            Assert.Null(Pass());
    }

    public AgeHistogram Ages(string memcg)
    {
        long[] values = new long[Source.Bins * BinLayout.Stride];
        Source.CopyAges(Tree.FindText(memcg), values);
        return new AgeHistogram(Clock.Edges(Source.Bins - 1), values);
    }

    /// <summary>Has lru_gen, memory.stat and the processes tell what is there now; a process in each memcg maps its anonymous memory.</summary>
    public void Publish()
    {
        PublishGenerations();
        int pid = 100;
        foreach (string memcg in _lrus.Keys)
        {
            long anon = _pages.Where(page => !page.IsFile && IsWithin(page.Memcg, memcg)).Sum(page => 4096L);
            long file = _pages.Where(page => page.IsFile && IsWithin(page.Memcg, memcg)).Sum(page => 4096L);
            if (_lrus[memcg].Id != 0)
                Host.Write($"/sys/fs/cgroup{(memcg == "/" ? "" : memcg)}/memory.stat", $"anon {anon}\nfile {file}\nshmem 0\ninactive_anon {anon}\ninactive_file {file}\n");
            FakeProcess process = Host.AddProcess(pid++, memcg);
            process.AnonBytes = _lrus[memcg].MapsItsOwn ? _pages.Where(page => !page.IsFile && page.Memcg == memcg).Sum(page => 4096L) : 0;
        }
    }

    /// <summary>Whether the process in a memcg maps its memory, or one elsewhere does.</summary>
    public void SetMapsItsOwn(string memcg, bool itsOwn) => _lrus[memcg].MapsItsOwn = itsOwn;

    private static bool IsWithin(string path, string above) => above == "/" || path == above || path.StartsWith(above + "/", StringComparison.Ordinal);

    private void PublishGenerations()
    {
        StringBuilder text = new();
        foreach ((string path, Lru lru) in _lrus)
        {
            text.Append(CultureInfo.InvariantCulture, $"memcg {lru.Id,5} {path}\n node     0\n");
            for (ulong generation = lru.Oldest; generation <= lru.Youngest; generation++)
            {
                ulong which = generation;
                int anon = _pages.Count(page => page.Memcg == path && !page.IsFile && page.Generation == which);
                int file = _pages.Count(page => page.Memcg == path && page.IsFile && page.Generation == which);
                text.Append(CultureInfo.InvariantCulture, $" {generation,10} {0,10} {anon,10}  {file,10} \n");
            }
        }

        Host.Write(File, text + Removed);
    }

    private IoResult Command(string file, string text)
    {
        Assert.Equal(File, file);
        Commands++;
        if (Refusal != Errno.None)
            return IoResult.Failed(Refusal);
        string[] words = text.Split(' ', '\n');
        (string? path, Lru? lru) = _lrus.FirstOrDefault(pair => pair.Value.Id == ulong.Parse(words[1], CultureInfo.InvariantCulture));
        Assert.Equal(["+", words[1], "0", words[3], "1", "1", ""], words);
        if (lru is null || lru.Youngest != ulong.Parse(words[3], CultureInfo.InvariantCulture))
            return IoResult.Failed(Errno.EINVAL);
        Age(path!);
        PublishGenerations();
        return IoResult.Done(text.Length);
    }

    private sealed class Lru
    {
        public ulong Id { get; set; }

        public ulong Youngest { get; set; } = 3;

        public ulong Oldest => Youngest - MaxGenerations + 1;

        public bool MapsItsOwn { get; set; } = true;
    }
}

/// <summary>A page of a <see cref="MultiGenLruHost"/>.</summary>
internal sealed class MultiGenLruPage
{
    public required string Memcg { get; init; }

    public required bool IsFile { get; init; }

    public bool IsAccessed { get; set; }

    public ulong Generation { get; set; }
}
