using System.Globalization;
using System.Text;

namespace ColdPages.Tests;

/// <summary>
/// A host in memory, behind the library's seam: files by path, folders with inodes, processes whose mappings remember what was touched since
/// their accessed bits were cleared. Every read and write can be watched, delayed, cut short or made to fail.
/// </summary>
internal sealed class FakeHost : KernelFiles
{
    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ulong> _inodes = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (string Path, byte[] Content)> _open = [];
    private ulong _nextInode = 1000;
    private int _nextHandle = 3;

    public FakeHost(bool v2 = true)
    {
        Write("/proc/self/mountinfo", v2
            ? "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n31 23 0:40 / /dev/shm rw - tmpfs tmpfs rw\n32 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
            : "30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n33 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n31 23 0:40 / /dev/shm rw - tmpfs tmpfs rw\n");
        CgroupMount = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
        IsV2 = v2;
        if (v2)
            Write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
        MakeFolder(CgroupMount);
        Write("/proc/sys/kernel/osrelease", "6.12.95\n");
        Write("/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 524288 kB\nSwapTotal: 2048 kB\nSwapFree: 1024 kB\n");
        Write("/proc/vmstat", "nr_free_pages 100\npgscan_kswapd 0\npgscan_direct 0\npgrefill 0\n");
    }

    public bool IsV2 { get; }

    public string CgroupMount { get; }

    public bool Linux { get; set; } = true;

    public override bool IsLinux => Linux;

    public override int PageSize => 4096;

    public override ReadOnlySpan<byte> MountInfoPath => "/proc/self/mountinfo"u8;

    public Dictionary<int, FakeProcess> Processes { get; } = [];

    public int OpenFiles => _open.Count;

    /// <summary>Called before a file is opened; an errno other than None is what the opener gets.</summary>
    public Func<string, KernelFileAccess, Errno>? OnOpen { get; set; }

    /// <summary>Called before a read: the path, the offset, and how many bytes are asked; gives how many may come, or an errno.</summary>
    public Func<string, long, int, IoResult>? OnRead { get; set; }

    /// <summary>Called for a write to a file that takes commands: the path and the text.</summary>
    public Func<string, string, IoResult>? OnWrite { get; set; }

    /// <summary>Called before a folder is listed.</summary>
    public Func<string, Errno>? OnList { get; set; }

    public HostRoots Roots => HostRoots.Of(this, "a host in memory");

    public void Write(string path, string content) => Write(path, Encoding.Latin1.GetBytes(content));

    public void Write(string path, byte[] content)
    {
        _files[path] = content;
        MakeFolder(path[..path.LastIndexOf('/')]);
    }

    public void Delete(string path)
    {
        foreach (string file in _files.Keys.Where(file => file == path || file.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
            _files.Remove(file);
        foreach (string folder in _inodes.Keys.Where(folder => folder == path || folder.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
            _inodes.Remove(folder);
    }

    public ulong MakeFolder(string path, ulong? inode = null)
    {
        if (path.Length == 0)
            return 1;
        MakeFolder(path[..path.LastIndexOf('/')]);
        if (inode is not null || !_inodes.ContainsKey(path))
            _inodes[path] = inode ?? _nextInode++;
        return _inodes[path];
    }

    /// <summary>Makes a memcg; the path is from the hierarchy's root, one char a byte (Latin-1).</summary>
    public ulong AddMemcg(string path, long current = 0, ulong? inode = null)
    {
        string folder = CgroupMount + (path == "/" ? "" : path);
        ulong made = MakeFolder(folder, inode);
        Write($"{folder}/{(IsV2 ? "memory.current" : "memory.usage_in_bytes")}", $"{current}\n");
        return made;
    }

    public void RemoveMemcg(string path) => Delete(CgroupMount + path);

    public FakeProcess AddProcess(int pid, string cgroup, params FakeMapping[] mappings)
    {
        FakeProcess process = new(pid, cgroup, IsV2) { Mappings = { } };
        process.Mappings.AddRange(mappings);
        Processes[pid] = process;
        return process;
    }

    public override Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle)
    {
        string name = Encoding.Latin1.GetString(path);
        handle = -1;
        Errno error = OnOpen?.Invoke(name, access) ?? Errno.None;
        if (error != Errno.None)
            return error;
        byte[]? content = TryProcessFile(name, out byte[]? made) ? made : _files.GetValueOrDefault(name);
        if (content is null)
            return Errno.ENOENT;
        handle = _nextHandle++;
        _open[handle] = (name, content);
        return Errno.None;
    }

    public override IoResult Read(int handle, long offset, Span<byte> buffer)
    {
        (string path, byte[] content) = _open[handle];
        int count = (int)Math.Clamp(content.Length - offset, 0, buffer.Length);
        if (OnRead?.Invoke(path, offset, count) is { } allowed)
        {
            if (!allowed.Ok)
                return allowed;
            count = Math.Min(count, allowed.Count);
        }

        content.AsSpan((int)offset, count).CopyTo(buffer);
        return IoResult.Done(count);
    }

    public override IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes)
    {
        string[] parts = _open[handle].Path.Split('/');
        if (parts is ["", "proc", { } pid, .., "clear_refs"])
        {
            if (!Processes.TryGetValue(int.Parse(pid, CultureInfo.InvariantCulture), out FakeProcess? process))
                return IoResult.Failed(Errno.ESRCH);
            process.Clears++;
            foreach (FakeMapping mapping in process.Mappings)
                mapping.Referenced = 0;
            return IoResult.Done(bytes.Length);
        }

        return OnWrite?.Invoke(_open[handle].Path, Encoding.ASCII.GetString(bytes)) ?? IoResult.Failed(Errno.EINVAL);
    }

    public override void Close(int handle) => _open.Remove(handle);

    public override Errno List(ReadOnlySpan<byte> path, DirectoryListing listing)
    {
        listing.Clear();
        string name = Encoding.Latin1.GetString(path);
        Errno error = OnList?.Invoke(name) ?? Errno.None;
        if (error != Errno.None)
            return error;
        if (name.Split('/') is ["", "proc", { } leader, "task"])
        {
            listing.Add(1, true, Encoding.ASCII.GetBytes(leader));
            if (Processes[int.Parse(leader, CultureInfo.InvariantCulture)].LiveThread is { } thread)
                listing.Add(1, true, Encoding.ASCII.GetBytes($"{thread}"));
            return Errno.None;
        }

        if (!_inodes.TryGetValue(name, out ulong own))
            return Errno.ENOENT;
        listing.Add(own, true, "."u8);
        listing.Add(1, true, ".."u8);
        foreach ((string folder, ulong inode) in _inodes)
        {
            if (IsIn(name, folder))
                listing.Add(inode, true, Encoding.Latin1.GetBytes(folder[(name.Length + 1)..]));
        }

        foreach (string file in _files.Keys)
        {
            if (IsIn(name, file))
                listing.Add(1, false, Encoding.Latin1.GetBytes(file[(name.Length + 1)..]));
        }

        if (name == "/proc")
        {
            foreach (int pid in Processes.Keys)
                listing.Add((ulong)pid, true, Encoding.ASCII.GetBytes($"{pid}"));
        }

        return Errno.None;
    }

    private static bool IsIn(string folder, string path) =>
        path.Length > folder.Length + 1 && path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/'
        && path.IndexOf('/', folder.Length + 1) < 0;

    private bool TryProcessFile(string path, out byte[]? content)
    {
        content = null;
        string[] parts = path.Split('/');
        if (parts is ["", "proc", _, "task", _, _])
        {
            if (int.TryParse(parts[2], CultureInfo.InvariantCulture, out int leader) && Processes.TryGetValue(leader, out FakeProcess? threads)
                && threads.LiveThread?.ToString(CultureInfo.InvariantCulture) == parts[4])
            {
                content = threads.FileOfThread(parts[5]);
            }

            return true;
        }

        if (parts.Length != 4 || parts[1] != "proc" || !int.TryParse(parts[2], CultureInfo.InvariantCulture, out int pid))
            return false;
        if (Processes.TryGetValue(pid, out FakeProcess? process))
            content = process.File(parts[3]);
        return true;
    }
}

/// <summary>A process of a <see cref="FakeHost"/>.</summary>
internal sealed class FakeProcess(int pid, string cgroup, bool v2)
{
    public List<FakeMapping> Mappings { get; init; } = [];

    public string Cgroup { get; set; } = cgroup;

    public ulong StartTime { get; set; } = 100;

    public ulong StartCode { get; set; } = 0x400000;

    public char State { get; set; } = 'S';

    public string Command { get; set; } = "a (strange) name";

    /// <summary>Its mountinfo: a tmpfs and an overlay.</summary>
    public string Mounts { get; set; } = "31 23 0:40 / /dev/shm rw - tmpfs tmpfs rw\n32 1 0:50 / / rw - overlay overlay rw\n";

    /// <summary>A thread that lives on when the first one has ended (State Z): the memory is then found by it alone.</summary>
    public int? LiveThread { get; set; }

    /// <summary>A mapping that smaps shows again, at the place it begins, at the end of its text: as if it had grown meanwhile.</summary>
    public FakeMapping? TornMapping { get; set; }

    public int TearsAt { get; set; }

    /// <summary>What its status says that it maps.</summary>
    public long AnonBytes { get; set; }

    public long ShmemBytes { get; set; }

    /// <summary>How often its accessed bits were cleared.</summary>
    public int Clears { get; set; }

    public byte[]? File(string name) => name switch
    {
        "stat" => Encoding.Latin1.GetBytes(
            $"{pid} ({Command}) {State} 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 {StartTime} 1000 100 18446744073709551615 {StartCode} 2 140000000 0 0\n"),
        "cgroup" => CgroupText(State == 'Z' ? "/" : Cgroup),
        "comm" => Encoding.Latin1.GetBytes(Command + "\n"),
        "statm" => Encoding.ASCII.GetBytes($"999999 {Mappings.Sum(mapping => mapping.Rss) / 4096} 0 0 0 0 0\n"),
        "status" => Encoding.ASCII.GetBytes($"Name:\tname\nPid:\t{pid}\nRssAnon:\t{AnonBytes / 1024} kB\nRssFile:\t0 kB\nRssShmem:\t{ShmemBytes / 1024} kB\n"),
        "mountinfo" => Encoding.ASCII.GetBytes(Mounts),
        "clear_refs" => [],
        "smaps" => State == 'Z' ? [] : Smaps(),
        _ => null,
    };

    public byte[]? FileOfThread(string name) => name switch
    {
        "stat" => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(File("stat")!).Replace(") Z", ") S", StringComparison.Ordinal)),
        "smaps" => Smaps(),
        "cgroup" => CgroupText(Cgroup),
        _ => File(name),
    };

    private byte[] CgroupText(string path) => Encoding.Latin1.GetBytes(v2 ? $"0::{path}\n" : $"9:name=systemd:/\n4:cpu,memory:{path}\n0::/\n");

    private byte[] Smaps() => Encoding.Latin1.GetBytes(
        string.Concat(Mappings.Select((mapping, place) => mapping.Smaps(place))) + TornMapping?.Smaps(TearsAt));
}

/// <summary>A mapping of a <see cref="FakeProcess"/>, in bytes; all of it counts as referenced until it is cleared.</summary>
internal sealed class FakeMapping
{
    public required long Rss { get; set; }

    public long Referenced { get; set; } = long.MaxValue;

    /// <summary>Anonymous bytes; all of it unless said otherwise.</summary>
    public long? Anonymous { get; init; }

    public string Device { get; init; } = "00:00";

    public string Name { get; init; } = "";

    /// <summary>Bytes that another process maps too.</summary>
    public long Shared { get; set; }

    /// <summary>Its text at a place among the mappings of its process; at the same one, it is the same mapping.</summary>
    public string Smaps(int place)
    {
        ulong start = 0x7f0000000000 + ((ulong)place << 40);
        return $"{start:x}-{start + (1UL << 39):x} rw-p 00000000 {Device} 0                          {Name}\n"
            + $"Size:             {Rss / 1024} kB\nRss:              {Rss / 1024} kB\nPss:              {Rss / 1024} kB\n"
            + $"Shared_Clean:     {Shared / 1024} kB\nShared_Dirty:          0 kB\n"
            + $"Referenced:       {Math.Min(Rss, Referenced) / 1024} kB\nAnonymous:        {(Anonymous ?? Rss) / 1024} kB\n"
            + "Locked:                0 kB\nTHPeligible:           0\nVmFlags: rd wr mr mw me ac sd \n";
    }
}
