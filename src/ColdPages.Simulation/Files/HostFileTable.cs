using System.Text;

namespace ColdPages.Simulation;

/// <summary>The paths of the files that are no memcg's; the same on all hosts with pages of one size.</summary>
internal sealed class HostFileTable
{
    private static readonly byte[] s_mountPoint = Encoding.UTF8.GetBytes(CgroupTree.MountPoint);

    private static readonly Dictionary<int, HostFileTable> s_tables = new()
    {
        [4096] = new HostFileTable(4096),
        [16384] = new HostFileTable(16384),
        [65536] = new HostFileTable(65536),
    };


    private readonly Dictionary<byte[], HostFile> _files = new(ByteStringComparer.Instance);
    private readonly Dictionary<HostFile, string> _paths = [];

    private HostFileTable(int pageSize)
    {
        Add("/sys/kernel/mm/page_idle/bitmap", HostFile.IdleBitmap);
        Add("/proc/kpageflags", HostFile.PageFlags);
        Add("/proc/kpagecgroup", HostFile.PageCgroup);
        Add("/proc/kpagecount", HostFile.PageCount);
        Add("/proc/vmstat", HostFile.VmStat);
        Add("/proc/meminfo", HostFile.MemInfo);
        Add("/proc/zoneinfo", HostFile.ZoneInfo);
        Add("/proc/self/mountinfo", HostFile.MountInfo);
        Add("/proc/sys/kernel/osrelease", HostFile.OsRelease);
        Add("/sys/devices/system/cpu/online", HostFile.CpusOnline);
        Add("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", HostFile.HugePageSize);
        Add(LruGen.Name, HostFile.LruGen);
        Add("/sys/kernel/mm/lru_gen/enabled", HostFile.LruGenEnabled);
        Add("/sys/kernel/mm/lru_gen/min_ttl_ms", HostFile.LruGenMinimum);
        for (int order = 1; order <= int.Log2(pageSize / 8); order++)
        {
            string folder = $"/sys/kernel/mm/transparent_hugepage/hugepages-{(pageSize / 1024) << order}kB/stats";
            Add($"{folder}/split", HostFile.Splits + order);
            Add($"{folder}/split_deferred", HostFile.DeferredSplits + order);
        }
    }

    public static HostFileTable For(int pageSize) => s_tables[pageSize];

    public bool TryFind(ReadOnlySpan<byte> path, out HostFile file) => _files.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(path, out file);

    public string PathOf(HostFile file) => _paths[file];

    /// <summary>Whether a host of these options has a file.</summary>
    public static bool Has(SimulatedHostOptions options, HostFile file) => file switch
    {
        HostFile.IdleBitmap => options.HasIdlePageTracking,
        HostFile.LruGen or HostFile.LruGenEnabled or HostFile.LruGenMinimum => options.HasMultiGenLru,
        _ => true,
    };

    /// <summary>Adds what lies directly in a folder; false if there is no such folder.</summary>
    public bool List(ReadOnlySpan<byte> folder, DirectoryListing listing, SimulatedHostOptions options)
    {
        folder = folder.TrimEnd((byte)'/');
        bool any = AddTo(listing, folder, s_mountPoint, isFile: false);
        foreach ((byte[] path, HostFile file) in _files)
        {
            if (Has(options, file))
                any |= AddTo(listing, folder, path, isFile: true);
        }

        return any;
    }

    private static bool AddTo(DirectoryListing listing, ReadOnlySpan<byte> folder, ReadOnlySpan<byte> path, bool isFile)
    {
        if (!path.StartsWith(folder) || path.Length == folder.Length || path[folder.Length] != (byte)'/')
            return false;
        ReadOnlySpan<byte> rest = path[(folder.Length + 1)..];
        int slash = rest.IndexOf((byte)'/');
        ReadOnlySpan<byte> name = slash < 0 ? rest : rest[..slash];
        if (!listing.Contains(name))
            listing.Add(InodeOf(path[..(folder.Length + 1 + name.Length)]), slash >= 0 || !isFile, name);
        return true;
    }

    /// <summary>An inode made of a path, the same each time (FNV-1a, 32 bits).</summary>
    public static ulong InodeOf(ReadOnlySpan<byte> path)
    {
        uint hash = 2_166_136_261;
        foreach (byte letter in path)
            hash = (hash ^ letter) * 16_777_619;
        return hash;
    }

    private void Add(string path, HostFile file)
    {
        _files.Add(Encoding.UTF8.GetBytes(path), file);
        _paths.Add(file, path);
    }
}
