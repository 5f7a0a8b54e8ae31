namespace ColdPages.Simulation;

/// <summary>The host that <see cref="SimulatedHost.Demo"/> makes.</summary>
internal static class DemoHost
{
    private const long MiB = 1 << 20;

    public static SimulatedHost Make(int seed)
    {
        // Not a multiple of 64 frames, as on real hosts, and so much of it in use that hot and cold frames lie between each other.
        SimulatedHost host = new(new SimulatedHostOptions { Frames = 65_536 + 1_000 });
        Random random = new(seed);
        host.Memory.MakeHole(160, 96);
        for (int i = 0; i < 40; i++)
            host.Memory.AllocateKernel(FolioUse.Slab, order: random.Next(6));

        SimulatedMemcg web = host.MakeMemcg("/system.slice/web.service");
        SimulatedMemcg database = host.MakeMemcg("/system.slice/database.service");
        SimulatedMemcg journal = host.MakeMemcg("/system.slice/journal.service");
        SimulatedMemcg shop = host.MakeMemcg("/kubepods/pod-shop/server");
        SimulatedMemcg batch = host.MakeMemcg("/kubepods/pod-batch/worker");
        SimulatedMemcg user = host.MakeMemcg("/user.slice/shell.scope");
        shop.HighBytes = 64 * MiB;
        database.LowBytes = 16 * MiB;

        host.AddWorkload("requests", web, PageKind.Anon, Around(random, 12), hotShare: 0.7);
        host.AddWorkload("pages", web, PageKind.File, Around(random, 20), hotShare: 0.25).ReadsByCalls = true;
        host.AddWorkload("buffers", database, PageKind.Shmem, Around(random, 24), hotShare: 0.4);
        SimulatedWorkload tables = host.AddWorkload("tables", database, PageKind.File, Around(random, 16), hotShare: 0.1);
        tables.ReadsByCalls = true;

        // Written to, and not written back yet.
        foreach (SimulatedFolio folio in tables.Folios.TakeLast(tables.Folios.Count / 4))
            host.Memory.SetDirty(folio, dirty: true);
        host.AddWorkload("log", journal, PageKind.File, Around(random, 10), hotShare: 0);
        SimulatedWorkload carts = host.AddWorkload("carts", shop, PageKind.Anon, Around(random, 32), hotShare: 0.3);
        carts.MovesEvery = 15;
        carts.MovesBy = 0.1;
        host.AddWorkload("model", batch, PageKind.Anon, Around(random, 40), hotShare: 0.35, order: 9);
        host.AddWorkload("input", batch, PageKind.File, Around(random, 8), hotShare: 0.5, order: 4);
        host.AddWorkload("heap", user, PageKind.Anon, Around(random, 6), hotShare: 0.05);
        return host;
    }

    private static long Around(Random random, long mebibytes) => (long)(mebibytes * MiB * (0.9 + (0.2 * random.NextDouble())));
}
