using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ColdPages.Tests;

/// <summary>
/// A host in memory that this process is one of: memory of its own has frames, marks and accessed bits, and a CPU that remembers where it has found a page and then does not
/// set its accessed bit again. What the kernel can do is to be chosen; all of it to begin with.
/// </summary>
internal sealed class TrialHost : KernelFiles
{
    public const int HugePage = 2 << 20;

    private readonly Dictionary<int, string> _open = [];
    private readonly Dictionary<long, Frame> _frames = [];
    private readonly List<Memory> _memories = [];
    private long _nextFrame = 1000;
    private ulong _nextAddress = 0x40_0000;

    public TrialHost()
    {
        foreach (string file in (string[])[IdleBitmap.Name, PageFlagsFile.Name, PageOwnersFile.Name, PageMap.Name, "/proc/self/smaps", "/proc/self/clear_refs", "/proc/1/clear_refs"])
            Files.Write(file, "");
        Files.AddMemcg("/");
        Files.AddMemcg("/a");
        Files.AddMemcg("/a/b");
        Files.AddProcess(1, "/a", new FakeMapping { Rss = 1 << 20 });
        Files.Write("/proc/self/cgroup", "0::/a/b\n");
        Files.Write("/proc/self/status", "Name:\tcoldpages\nCapEff:\t000001ffffffffff\n");
        Files.Write("/proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 2048 1024 100\n");
        Files.Write("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        Files.Write("/sys/fs/cgroup/a/memory.reclaim", "");
        Files.Write("/sys/devices/system/node/node0/reclaim", "");
        Files.Write("/sys/kernel/mm/lru_gen/enabled", "0x0007\n");
        Files.Write("/sys/kernel/mm/lru_gen/min_ttl_ms", "0\n");
        Files.Write(LruGen.Name, "memcg     2 /a\n node     0\n          0       1000          1          1 \n");
        Files.Write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        Files.Write("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", $"{HugePage}\n");
    }

    /// <summary>All files that are not of this process's memory, and whether those can be opened.</summary>
    public FakeHost Files { get; } = new();

    public HostRoots Roots => HostRoots.Of(this, "a host in memory");

    public bool IsOwn { get; set; } = true;

    public bool ShowsFrames { get; set; } = true;

    /// <summary>Whether marking a page does anything.</summary>
    public bool Marks { get; set; } = true;

    /// <summary>Whether fresh pages come onto an LRU list.</summary>
    public bool ListsPages { get; set; } = true;

    /// <summary>How often somebody else takes the accessed bit of what is touched before anybody could see it.</summary>
    public int StolenTouches { get; set; }

    public bool HasHugePages { get; set; } = true;

    public bool ShowsMarkOnTails { get; set; } = true;

    public bool ShowsAnon { get; set; } = true;

    public ulong Owner { get; set; } = 23;

    public Errno ScanError { get; set; }

    public Errno MapError { get; set; }

    public Errno ProcessMAdviseError { get; set; }

    /// <summary>What memory.reclaim and its like take; null for anything.</summary>
    public string[]? ReclaimKeys { get; set; } = ["", " swappiness=60", " swappiness=max"];

    /// <summary>All that was written to files that take commands.</summary>
    public List<(string Path, string Text)> Commands { get; } = [];

    public int Mappings => _memories.Count;

    public override int PageSize => Files.PageSize;

    public override bool IsLinux => Files.IsLinux;

    public override ReadOnlySpan<byte> MountInfoPath => Files.MountInfoPath;

    public override bool HasOwnMemory => IsOwn;

    public override Errno PageOutNothing() => ProcessMAdviseError;

    public override Errno MapOwnMemory(long length, long hugePage, out OwnMemory? memory)
    {
        memory = null;
        if (MapError != Errno.None)
            return MapError;
        Memory made = new(this, _nextAddress, length, hugePage);
        _memories.Add(made);
        _nextAddress += 4 * HugePage;
        memory = made;
        return Errno.None;
    }

    public override Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle)
    {
        Errno error = Files.Open(path, access, out handle);
        if (error == Errno.None)
            _open[handle] = Encoding.Latin1.GetString(path);
        return error;
    }

    public override void Close(int handle) => Files.Close(handle);

    public override Errno List(ReadOnlySpan<byte> path, DirectoryListing listing) => Files.List(path, listing);

    public override IoResult Read(int handle, long offset, Span<byte> buffer)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(buffer);
        long first = offset / sizeof(ulong);
        switch (_open[handle])
        {
            case PageMap.Name:
                return Fill(words, page => Find((ulong)(first + page) * (ulong)PageSize) is { } frame ? (1UL << 63) | (ShowsFrames ? (ulong)frame.Number : 0) : 0);
            case PageFlagsFile.Name:
                return Fill(words, page => _frames.TryGetValue(first + page, out Frame? frame) ? (ulong)FlagsOf(frame) : 0);
            case PageOwnersFile.Name:
                return Fill(words, page => _frames.ContainsKey(first + page) ? Owner : 0);
            case IdleBitmap.Name:
                return Fill(words, word => Enumerable.Range(0, 64).Aggregate(0UL, (bits, bit) => bits | (LookAt(((first + word) * 64) + bit) ? 1UL << bit : 0)));
            case "/proc/self/smaps":
                byte[] text = Encoding.ASCII.GetBytes(string.Concat(_memories.Select(memory => memory.Smaps())));
                int count = (int)Math.Clamp(text.Length - offset, 0, buffer.Length);
                text.AsSpan((int)offset, count).CopyTo(buffer);
                return IoResult.Done(count);
            default:
                return Files.Read(handle, offset, buffer);
        }
    }

    public override IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes)
    {
        string path = _open[handle];
        string text = Encoding.ASCII.GetString(bytes);
        if (path != IdleBitmap.Name)
            Commands.Add((path, text));
        switch (path)
        {
            case IdleBitmap.Name:
                foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
                {
                    for (int bit = 0; bit < 64; bit++)
                    {
                        if ((word >> bit & 1) == 1)
                            Mark((offset * 8) + bit);
                    }

                    offset += sizeof(ulong);
                }

                return IoResult.Done(bytes.Length);
            case "/proc/self/clear_refs":
                foreach (Frame frame in _frames.Values)
                    frame.Accessed = false;
                return IoResult.Done(bytes.Length);
            default:
                return path.EndsWith("reclaim", StringComparison.Ordinal) && (ReclaimKeys is null || (text[0] == '0' && ReclaimKeys.Contains(text[1..])))
                    ? IoResult.Done(bytes.Length) : IoResult.Failed(Errno.EINVAL);
        }
    }

    public override IoResult ScanPages(int handle, ref PageMapScan scan, Span<PageRegion> regions)
    {
        if (ScanError != Errno.None)
            return IoResult.Failed(ScanError);
        int count = 0;
        for (ulong address = scan.Start; address < scan.End; address += (ulong)PageSize)
        {
            if (Find(address) is not null)
                regions[count++] = new PageRegion { Start = address, End = address + (ulong)PageSize, Categories = PageMapScan.Present };
        }

        return IoResult.Done(count);
    }

    private static IoResult Fill(Span<ulong> words, Func<int, ulong> valueOf)
    {
        for (int i = 0; i < words.Length; i++)
            words[i] = valueOf(i);
        return IoResult.Done(words.Length * sizeof(ulong));
    }

    private Frame? Find(ulong address) => _memories.Select(memory => memory.FrameAt(address)).FirstOrDefault(frame => frame is not null);

    private PageFlags FlagsOf(Frame frame) =>
        (ShowsAnon ? PageFlags.Anon | PageFlags.SwapBacked : PageFlags.None)
        | (ListsPages ? PageFlags.Lru : PageFlags.None)
        | (frame.Head is not null ? PageFlags.CompoundTail : frame.IsHead ? PageFlags.CompoundHead : PageFlags.None)
        | (frame.Idle || (ShowsMarkOnTails && frame.Head is { Idle: true }) ? PageFlags.Idle : PageFlags.None);

    private void Mark(long number)
    {
        if (!Marks || !ListsPages || !_frames.TryGetValue(number, out Frame? frame) || frame.Head is not null)
            return;
        frame.Accessed = false;
        frame.Idle = true;
    }

    private bool LookAt(long number)
    {
        if (!_frames.TryGetValue(number, out Frame? frame) || !frame.Idle)
            return false;
        frame.Idle = !frame.Accessed;
        frame.Accessed = false;
        return frame.Idle;
    }

    private sealed class Frame(long number, bool isHead, Frame? head)
    {
        public long Number => number;

        public bool IsHead => isHead;

        public Frame? Head => head;

        public bool Accessed { get; set; }

        public bool Idle { get; set; }

        public bool IsRemembered { get; set; }
    }

    private sealed class Memory(TrialHost host, ulong address, long length, long hugePage) : OwnMemory
    {
        private readonly Frame?[] _pages = new Frame?[length / host.PageSize];

        public override ulong Address => address;

        public override long Length => length;

        public Frame? FrameAt(ulong at) => at >= address && at < address + (ulong)length ? _pages[(at - address) / (ulong)host.PageSize] : null;

        public override void Touch(int page)
        {
            bool isHuge = hugePage > 0 && host.HasHugePages;
            if (_pages[page] is null)
            {
                Frame? head = null;
                foreach (int i in isHuge ? Enumerable.Range(0, _pages.Length) : [page])
                {
                    _pages[i] = new Frame(host._nextFrame, isHuge && head is null, head);
                    host._frames[host._nextFrame++] = _pages[i]!;
                    head ??= isHuge ? _pages[i] : null;
                }
            }

            Frame frame = _pages[page]!;
            if (frame.IsRemembered)
                return;
            frame.IsRemembered = true;
            frame.Accessed = host.StolenTouches-- <= 0;
        }

        public override Errno ForgetTranslations()
        {
            foreach (Frame? frame in _pages)
                frame?.IsRemembered = false;
            return Errno.None;
        }

        public override void Dispose()
        {
            foreach (Frame? frame in _pages)
                _ = frame is not null && host._frames.Remove(frame.Number);
            host._memories.Remove(this);
        }

        public string Smaps()
        {
            long rss = _pages.Count(frame => frame is not null) * (long)host.PageSize;
            long referenced = _pages.Count(frame => frame is { Accessed: true }) * (long)host.PageSize;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{address:x}-{address + (ulong)length:x} rw-p 00000000 00:00 0 \nRss: {rss / 1024} kB\nReferenced: {referenced / 1024} kB\nVmFlags: rd wr \n");
        }
    }
}
