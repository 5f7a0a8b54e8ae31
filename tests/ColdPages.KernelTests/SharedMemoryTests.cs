namespace ColdPages.KernelTests;

/// <summary>The idle-bitmap source where processes of two memcgs share memory: it is charged to the one that had it first.</summary>
public sealed class SharedMemoryTests : IClassFixture<QuietAccessedBits>
{
    [Fact]
    public async Task Memory_that_only_another_memcg_touches_is_young_where_it_is_charged_and_counts_once()
    {
        Guest.Require();
        using Ext4Volume volume = Ext4Volume.Mount(190);
        using Cgroup outer = new("/outer", "+memory");
        using Cgroup other = new("/outer/other");
        using SharedFile file = await SharedFile.StartAsync(Path.Combine(volume.MountPoint, "shared"), "/outer/file", other);
        using SharedFile shmem = await SharedFile.StartAsync("/dev/shm/shared", "/outer/shmem", other);
        using WorstFigures worst = new();

        for (int run = 0; run < Guest.Runs; run++)
        {
            using ColdPageTracker tracker = Open();
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 3);
            foreach ((SharedFile shared, PageKind kind) in (ReadOnlySpan<(SharedFile, PageKind)>)[(file, PageKind.File), (shmem, PageKind.Shmem)])
            {
                AgeHistogram idle = snapshot[shared.Charged.Path].Idle();
                worst.AssertBins($"{kind}, where it is charged", idle, 30, 0, 60);
                Truth.AssertKind(idle, kind, 90, 60);
                worst.AssertNear($"{kind}, shared with the others and idle", SharedBytes(snapshot, shared.Charged), 60);
            }

            worst.AssertBins("all that the others have", snapshot[other.Path].Idle(), 0, 0, 0);
            worst.AssertNear("shared where nothing is charged", SharedBytes(snapshot, other), 0);
            worst.AssertBins("all together", snapshot[outer.Path].Idle(), 60, 0, 120);
        }
    }

    [Fact]
    public async Task Memory_is_young_where_it_is_charged_when_no_process_is_left_there()
    {
        Guest.Require();
        using WorstFigures worst = new();
        for (int run = 0; run < Guest.Runs; run++)
        {
            using Cgroup other = new("/other");
            using SharedFile shmem = await SharedFile.StartAsync("/dev/shm/shared", "/shmem", other);
            using ColdPageTracker tracker = Open();
            await Truth.ScanAsync(tracker, 2);

            shmem.EndHolder();
            await shmem.Other.TouchAsync(30, 40);
            ColdPageSnapshot snapshot = await Truth.ScanAsync(tracker, 1);

            worst.AssertBins("whose processes are gone", snapshot[shmem.Charged.Path].Idle(), 40, 0, 50);
            worst.AssertBins("who maps it still", snapshot[other.Path].Idle(), 0, 0, 0);
            worst.AssertNear("shared with nobody", SharedBytes(snapshot, shmem.Charged), 0);
        }
    }

    private static long SharedBytes(ColdPageSnapshot snapshot, Cgroup cgroup) => snapshot[cgroup.Path].IdleDetail()!.OlderThan(TimeSpan.Zero).SharedBytes;

    private static ColdPageTracker Open() =>
        ColdPageTracker.Open(new ColdPageTrackerOptions { Source = ColdPageSource.IdleBitmap, Interval = Truth.Interval, Detail = true });

    /// <summary>A file of 90 MiB that two processes map; the one in the memcg that is charged touches nothing, another 30 MiB all the time.</summary>
    private sealed class SharedFile : IDisposable
    {
        private readonly string _name;
        private HoldWorkload? _holder;

        private SharedFile(string name, string charged)
        {
            _name = name;
            Charged = new Cgroup(charged);
        }

        public Cgroup Charged { get; }

        public HoldWorkload Other { get; private set; } = null!;

        public static async Task<SharedFile> StartAsync(string name, string charged, Cgroup other)
        {
            SharedFile shared = new(name, charged);
            try
            {
                shared._holder = await HoldWorkload.StartAsync(shared.Charged, "file", 90, 0, name);
                shared.Other = await HoldWorkload.StartAsync(other, "join", 90, 30, name);
            }
            catch
            {
                shared.Dispose();
                throw;
            }

            return shared;
        }

        public void EndHolder()
        {
            _holder?.Dispose();
            _holder = null;
        }

        public void Dispose()
        {
            Other?.Dispose();
            EndHolder();
            File.Delete(_name);
            Charged.Dispose();
        }
    }
}
