using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>What a pass asks of the kernel follows what changed, and what it keeps follows what is idle.</summary>
public sealed class IdleBitmapCostTests
{
    private const int Frames = 262_144;

    [Theory]
    [InlineData(4096, 0)]
    [InlineData(4096, 9)]
    [InlineData(4096, 4)]
    [InlineData(65536, 5)]
    public void A_pass_asks_for_what_changed(int pageSize, int order)
    {
        (IdleBitmapRun run, SimulatedFolio[] folios) = FullHost(pageSize, order);
        run.Passes(4);

        // All is idle: only the share that is asked about again, one in 512, with the gaps that are read along. Of a large folio only the first page is asked about.
        for (int pass = 0; pass < 300; pass++)
        {
            Entries cost = Pass(run);
            Assert.InRange(cost.Flags + cost.Owners, 0, Frames / 50);
            Assert.Equal(0, cost.Written);
            Assert.Equal(Frames, cost.Read);
        }

        // One folio in a hundred is touched, here and there.
        for (int i = 0; i < folios.Length; i += 100)
            folios[i].Touch();
        int touched = (folios.Length + 99) / 100;
        Entries change = Pass(run);
        Assert.InRange(change.Flags + change.Owners, 2 * touched, (2 * touched * 4) + (Frames / 50));
        Assert.InRange(change.Written, touched, touched << order);

        // They come back, and that is all that is asked about.
        Entries back = Pass(run);
        Assert.InRange(back.Flags + back.Owners, 2 * touched, (2 * touched * 4) + (Frames / 50));
        Assert.Equal(0, back.Written);
        Entries still = Pass(run);
        Assert.InRange(still.Flags + still.Owners, 0, Frames / 50);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(9)]
    public void Only_what_is_not_idle_is_marked(int order)
    {
        (IdleBitmapRun run, SimulatedFolio[] folios) = FullHost(4096, order);
        HashSet<long> marked = [];
        run.Host.Files.BeforeWrite = (path, offset) => marked.Add(offset / sizeof(ulong));
        Entries first = Pass(run);
        Assert.Equal(Frames, first.Written);
        Assert.Equal(0, first.Flags);
        marked.Clear();
        Pass(run);
        Assert.Empty(marked);

        // A whole piece is hot: it is marked as a whole, its neighbours are not.
        for (int i = 0; i < folios.Length; i++)
        {
            if (folios[i].Frame / IdleBitmap.BlockFrames == 3)
                folios[i].Touch();
        }

        Entries hot = Pass(run);
        Assert.Equal(IdleBitmap.BlockFrames, hot.Written);
        Assert.All(marked, word => Assert.Equal(3, word / IdleBitmap.BlockWords));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(9)]
    public void What_is_kept_is_less_than_two_bytes_a_page_of_one_memcg(int order)
    {
        (IdleBitmapRun run, SimulatedFolio[] folios) = FullHost(4096, order);
        run.Passes(3);
        Assert.Equal(Frames, run.PageAges.Pages.All);
        Assert.InRange((double)run.Source.StateBytes / Frames, 0, 2);
        Assert.Equal(Frames, folios.Length << order);
    }

    [Fact]
    public void What_is_no_longer_there_is_not_kept()
    {
        (IdleBitmapRun run, SimulatedFolio[] folios) = FullHost(4096, order: 0);
        run.Passes(3);
        long full = run.Source.StateBytes;
        foreach (SimulatedFolio folio in folios)
            folio.Free();
        run.Passes(1);
        Assert.Equal(0, run.PageAges.Pages.All);
        Assert.InRange(run.Source.StateBytes, 0, full * 2 / 5);
    }

    private static (IdleBitmapRun Run, SimulatedFolio[] Folios) FullHost(int pageSize, int order)
    {
        SimulatedHost host = new(new SimulatedHostOptions { Frames = Frames, PageSize = pageSize });
        long bytes = (long)Frames * pageSize / 4;
        List<SimulatedFolio> folios = [];
        foreach (string path in (string[])["/a", "/a/b", "/c", "/d"])
            folios.AddRange(host.MakeMemcg(path).Allocate(PageKind.Anon, bytes, order));
        return (new IdleBitmapRun(host), [.. folios]);
    }

    private static Entries Pass(IdleBitmapRun run)
    {
        Entries before = Entries.Of(run);
        Assert.Null(run.Pass());
        Entries after = Entries.Of(run);

        // What the source says it asked is what the host was asked.
        SortedDictionary<string, long> read = run.Source.Cost.EntriesRead();
        Assert.Equal(after.Read, read[IdleBitmap.Name]);
        Assert.Equal(after.Flags, read.GetValueOrDefault(PageFlagsFile.Name));
        Assert.Equal(after.Owners, read.GetValueOrDefault(PageOwnersFile.Name));
        return new Entries(after.Read - before.Read, after.Flags - before.Flags, after.Owners - before.Owners, after.Written - before.Written);
    }

    private readonly record struct Entries(long Read, long Flags, long Owners, long Written)
    {
        // The host counts the words that are written, 64 bits each; the source counts the bits of them that are 1, for the others do nothing.
        public static Entries Of(IdleBitmapRun run) => new(
            run.Host.Files.EntriesRead(HostFile.IdleBitmap),
            run.Host.Files.EntriesRead(HostFile.PageFlags),
            run.Host.Files.EntriesRead(HostFile.PageCgroup),
            run.Source.Cost.EntriesWritten().GetValueOrDefault(IdleBitmap.Name));
    }
}
