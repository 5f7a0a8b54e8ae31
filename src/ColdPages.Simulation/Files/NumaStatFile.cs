namespace ColdPages.Simulation;

/// <summary>memory.numa_stat of a memcg: mm/memcontrol.c. Counted anew at each read, and so never late.</summary>
internal static class NumaStatFile
{
    public static void Write(TextBuilder text, SimulatedMemcg memcg)
    {
        PhysicalMemory memory = memcg.Host.Memory;
        int nodes = memcg.Host.Options.Nodes;
        long[] anon = new long[nodes];
        long[] file = new long[nodes];
        long[] shmem = new long[nodes];
        long[] unevictable = new long[nodes];
        foreach (SimulatedFolio folio in memory.Folios())
        {
            if (folio.Charged?.IsWithin(memcg) != true)
                continue;
            int node = memory.NodeOf(folio.Frame);
            if (folio.Kind == PageKind.Anon)
                anon[node] += folio.Has(FolioFlags.Mapped) ? folio.Pages - folio.UnmappedTails : 0;
            else
                file[node] += folio.Pages;
            if (folio.Kind == PageKind.Shmem)
                shmem[node] += folio.Pages;
            if (PhysicalMemory.ListOf(folio) == MemcgStat.Unevictable)
                unevictable[node] += folio.Pages;
        }

        Line("anon"u8, anon);
        Line("file"u8, file);
        Line("shmem"u8, shmem);
        Line("unevictable"u8, unevictable);

        void Line(ReadOnlySpan<byte> key, long[] pages)
        {
            text.Append(key);
            for (int node = 0; node < nodes; node++)
            {
                text.Append(" N"u8);
                text.Append(node);
                text.Append("="u8);
                text.Append(pages[node] * memcg.Host.PageSize);
            }

            text.Append("\n"u8);
        }
    }
}
