using System.Numerics;
using ColdPages.Simulation;

namespace ColdPages.Tests;

/// <summary>Holds what is told of the state of memory after a pass against the truth: of idle memory folio by folio and against the histogram, and of all by the kernel's counts.</summary>
internal sealed class IdleDetailProof(IdleBitmapRun run)
{
    private readonly IdleBitmapRecount _recount = new(run);

    /// <summary>Pages found to be dirty, mlocked, mapped, unknown and shared so far: that much has been put to the test.</summary>
    public long[] Tested { get; } = new long[5];

    private PhysicalMemory Memory => run.Host.Memory;

    public void Check()
    {
        NodeFrames nodes = NodeFrames.Read(run.Host.Files);
        Assert.Equal(Enumerable.Range(0, run.Host.Options.Nodes), nodes.Nodes);
        run.Source.AskDetail(nodes, CancellationToken.None);
        _recount.Count();
        Dictionary<Owner, long[]> truth = Truth(nodes.Nodes.Length);
        foreach (Memcg memcg in run.Tree.InOrder)
        {
            long[] told = new long[run.Source.Bins * IdleDetailLayout.Stride(nodes.Nodes.Length)];
            Assert.True(run.Source.TryCopyDetail(memcg, told));
            Assert.Equal(run.Owners.Of(memcg) is { } owner && truth.TryGetValue(owner, out long[]? right) ? right : new long[told.Length], told);
            IsOfTheBins(run.Ages(memcg), new IdleDetail(run.Clock.Edges(run.Source.Bins - 1), nodes.Nodes, told));
        }

        CountsAreRight(nodes.Nodes);
    }

    // What the host itself knows of each folio that is told to be idle.
    private Dictionary<Owner, long[]> Truth(int nodes)
    {
        int stride = IdleDetailLayout.Stride(nodes);
        Dictionary<Owner, long[]> truth = [];
        foreach (TrackedFolio told in _recount.Folios)
        {
            if (!truth.TryGetValue(told.Owner, out long[]? values))
                truth[told.Owner] = values = new long[run.Source.Bins * stride];
            int bin = told.Owner.AgeAt(run.Clock.Current, told.Mark) * stride;
            long bytes = (long)told.Identity.Pages * run.Host.PageSize;
            values[bin + IdleDetailLayout.States + Memory.NodeOf(told.Frame)] += bytes;
            SimulatedFolio? folio = Memory.Frames.FolioAt(told.Frame);

            // A page of a folio that has grown over it is told as that one.
            if (folio is null || folio.Use != FolioUse.User || !folio.Has(FolioFlags.Idle) || (folio.Frame != told.Frame && run.Host.Options.TailsHaveOwnFlags))
            {
                values[bin + IdleDetailLayout.Unknown] += bytes;
                Tested[3] += told.Identity.Pages;
                continue;
            }

            if (told.Identity.Kind == PageKind.File)
                values[bin + (folio.Has(FolioFlags.Dirty) ? IdleDetailLayout.FileDirty : folio.Has(FolioFlags.Writeback) ? IdleDetailLayout.FileWriteback : IdleDetailLayout.FileClean)] += bytes;
            if (told.Identity.Kind != PageKind.Anon && folio.Has(FolioFlags.Mapped))
                values[bin + IdleDetailLayout.FileMapped] += bytes;
            if (folio.Has(FolioFlags.Mlocked))
            {
                values[bin + IdleDetailLayout.Mlocked] += bytes;
                values[bin + IdleDetailLayout.Unevictable] += bytes;
            }

            int shared = BitOperations.PopCount(folio.MappedBy) > 1 ? Math.Clamp(folio.MappedPages - (told.Frame - folio.Frame), 0, told.Identity.Pages) : 0;
            values[bin + IdleDetailLayout.Shared] += (long)shared * run.Host.PageSize;
            Tested[4] += shared;
            Tested[0] += folio.Has(FolioFlags.Dirty) ? folio.Pages : 0;
            Tested[1] += folio.Has(FolioFlags.Mlocked) ? folio.Pages : 0;
            Tested[2] += folio.Has(FolioFlags.Mapped) ? folio.Pages : 0;
        }

        return truth;
    }

    private static void IsOfTheBins(AgeHistogram ages, IdleDetail details)
    {
        Assert.Equal(ages.Count - 1, details.Count);
        foreach ((AgeBin bin, IdleDetailBin detail) in ages.Skip(1).Zip(details))
        {
            Assert.Equal((bin.From, bin.To), (detail.From, detail.To));
            Assert.Equal(bin.LowerBytes, detail.Nodes.Sum(node => node.Bytes));
            long file = detail.FileCleanBytes + detail.FileDirtyBytes + detail.FileWritebackBytes;
            Assert.InRange(file, bin.FileBytes - detail.UnknownBytes, bin.FileBytes);
            Assert.InRange(detail.FileMappedBytes, 0, bin.FileBytes + bin.ShmemBytes);
            Assert.InRange(Math.Max(detail.SharedBytes, Math.Max(detail.UnevictableBytes, detail.MlockedBytes)), 0, bin.LowerBytes - detail.UnknownBytes);
        }
    }

    private void CountsAreRight(int[] nodes)
    {
        MemcgDetailReader reader = new(run.Host.Files, run.Tree);
        reader.Read(nodes);
        SimulatedFolio[] folios = [.. Memory.Folios()];
        SimulatedFolio[] kernel = [.. KernelFolios()];
        foreach (Memcg memcg in run.Tree.InOrder)
        {
            MemcgDetail told = reader.Local(memcg);
            SimulatedMemcg simulated = run.Host.FindMemcg(System.Text.Encoding.UTF8.GetString(memcg.Path))!;
            SimulatedFolio[] own = [.. folios.Where(folio => folio.Memcg == simulated)];
            Assert.Equal(Bytes(own, folio => folio.Kind == PageKind.File), told.FileBytes);
            Assert.Equal(Bytes(own, folio => folio.Kind == PageKind.File && folio.Has(FolioFlags.Dirty)), told.FileDirtyBytes);
            Assert.Equal(Bytes(own, folio => folio.Kind == PageKind.File && folio.Has(FolioFlags.Writeback)), told.FileWritebackBytes);
            Assert.True(told.FileCleanBytes <= told.FileBytes);
            Assert.Equal(Bytes(own, IsUnevictable), told.UnevictableBytes);
            Assert.Equal(Bytes([.. kernel.Where(folio => folio.Memcg == simulated)], folio => folio.Use != FolioUse.Hugetlb), told.KernelBytes);
            Assert.True(told.SlabUnreclaimableBytes + told.PageTablesBytes == told.KernelBytes);
            foreach (NodeDetail node in told.Nodes)
            {
                SimulatedFolio[] here = [.. own.Where(folio => Memory.NodeOf(folio.Frame) == node.Node)];
                Assert.Equal(Bytes(here, folio => folio.Kind == PageKind.File), node.FileBytes);
                Assert.Equal(Bytes(here, folio => folio.Kind == PageKind.Shmem), node.ShmemBytes);
                Assert.Equal(Bytes(here, IsUnevictable), node.UnevictableBytes);
                Assert.Equal(here.Where(folio => folio.Kind == PageKind.Anon && folio.Has(FolioFlags.Mapped)).Sum(folio => (folio.Pages - folio.UnmappedTails) * (long)run.Host.PageSize), node.AnonBytes);
            }

            Assert.Equal(told.FileBytes, told.Nodes.Sum(node => node.FileBytes));
            Assert.Equal(told.UnevictableBytes, told.Nodes.Sum(node => node.UnevictableBytes));
        }
    }

    private static bool IsUnevictable(SimulatedFolio folio) => folio.Has(FolioFlags.Mlocked) && (folio.Lru is LruState.OnList or LruState.InMoveBatch);

    private static long Bytes(SimulatedFolio[] folios, Func<SimulatedFolio, bool> which) => folios.Where(which).Sum(folio => folio.Bytes);

    private IEnumerable<SimulatedFolio> KernelFolios()
    {
        for (int frame = 0; frame < Memory.Frames.MaxPfn; frame++)
        {
            if (Memory.Frames.FolioAt(frame) is not { } folio)
                continue;
            if (folio.Use != FolioUse.User)
                yield return folio;
            frame = folio.Frame + folio.Pages - 1;
        }
    }
}
