namespace ColdPages;

/// <summary>Finds out what a host offers, by trying.</summary>
internal static class SourceProbe
{
    private static readonly Problem s_notPassive = new("It marks pages or clears accessed bits, and was asked to change nothing.", "Without --passive (Passive) it can be used; mglru can do with it.");

    /// <param name="files">The host.</param>
    /// <param name="requested">The source that is asked for.</param>
    /// <param name="passive">Whether it may change nothing on the host.</param>
    public static HostDiagnosis Run(KernelFiles files, ColdPageSource requested, bool passive = false)
    {
        Problem? host = ProbeHost(files);
        SourceDiagnosis[] sources =
        [
            Diagnose(ColdPageSource.IdleBitmap, passive ? static _ => s_notPassive : ProbeIdleBitmap),
            Diagnose(ColdPageSource.MultiGenLru, passive ? ProbeGenerations : ProbeMultiGenLru),
            Diagnose(ColdPageSource.Referenced, passive ? static _ => s_notPassive : ProbeReferenced),
        ];
        if (files.IsSimulated || requested == ColdPageSource.Simulated)
            sources = [.. sources, Diagnose(ColdPageSource.Simulated, passive ? static _ => s_notPassive : ProbeSimulated)];
        HostDiagnosis diagnosis = new(requested, sources, []);
        return diagnosis.Chosen is { } chosen ? new HostDiagnosis(requested, sources, [.. Conflicts(files, chosen).Select(conflict => conflict.Why)]) : diagnosis;

        SourceDiagnosis Diagnose(ColdPageSource source, Func<KernelFiles, Problem?> probe)
        {
            Problem? problem = host ?? probe(files);
            return new SourceDiagnosis(source, problem?.Why, problem?.Remedy);
        }
    }

    /// <summary>Who moves the accessed bits under a source.</summary>
    public static List<Doubt> Conflicts(KernelFiles files, ColdPageSource source)
    {
        List<Doubt> conflicts = [];

        // DAMON and the idle bitmap clear accessed bits too, but leave the page marked young, which smaps counts as referenced
        // (fs/proc/task_mmu.c, smaps_account). MGLRU's aging leaves no such mark (mm/vmscan.c, walk_pte_range).
        if (source == ColdPageSource.Referenced && LruGen.IsEnabled(files))
        {
            conflicts.Add(new Doubt(
                "The multi-generational LRU is on: when it ages under memory pressure it takes the accessed bits that this source reads, and touched pages may look idle.", 0));
        }

        if (source == ColdPageSource.IdleBitmap && LruGen.IsEnabled(files) && CanOpen(files, LruGen.Path, KernelFileAccess.Read) is not Errno.None and Errno error)
        {
            conflicts.Add(new Doubt(
                $"The multi-generational LRU is on, and what it takes cannot be watched ({files.Display(LruGen.Name)}: {error.Describe()}): any page may look idle although it was touched. Mount debugfs, or, where the kernel is locked down, "
                    + $"'echo n > {files.Display("/sys/kernel/mm/lru_gen/enabled")}'.", Doubt.AllBytes));
        }
        else if (source == ColdPageSource.IdleBitmap && LruGen.IsEnabled(files))
        {
            conflicts.Add(new Doubt(
                "The multi-generational LRU is on: reads by read(2), and touches of files and shared memory through mappings that are gone since, leave no trace. What nobody maps of page cache is therefore told by bounds; what is mapped and used in these ways as well may look idle. Memory that it ages or reclaims is told no older meanwhile. "
                    + $"'echo n > {files.Display("/sys/kernel/mm/lru_gen/enabled")}' switches it off.", 0));
        }

        if (source is ColdPageSource.IdleBitmap or ColdPageSource.MultiGenLru && Damon.IsRunning(files))
        {
            conflicts.Add(new Doubt(
                "DAMON is running: it takes the accessed bits of the pages that it samples, and touched ones may look idle. To take for idle only what two passes in a row found so (--confirm 2, ConfirmScans) makes that far less. "
                    + $"'echo N > {files.Display("/sys/module/damon_stat/parameters/enabled")}' switches off the one that runs from boot; {files.Display("/sys/kernel/mm/damon/admin/kdamonds")} shows others.",
                Doubt.AllBytes));
        }

        if (source is ColdPageSource.IdleBitmap or ColdPageSource.MultiGenLru && Numa.IsBalancing(files))
        {
            conflicts.Add(new Doubt(
                $"NUMA balancing is on: it moves pages between nodes, and those may for a while be told older than they are. The scans count how many. 'echo 0 > {files.Display("/proc/sys/kernel/numa_balancing")}' switches it off.", 0));
        }

        return conflicts;
    }

    private static Problem? ProbeHost(KernelFiles files)
    {
        if (!files.IsLinux)
            return new Problem("This is not Linux.", "Run on the Linux host that is to be measured; reports can be read anywhere.");
        if (!Environment.Is64BitProcess)
            return new Problem("This is a 32-bit process.", "Run it as a 64-bit one.");
        return MemcgHierarchy.Find(files, out Problem? problem) is null ? problem : null;
    }

    private static Problem? ProbeIdleBitmap(KernelFiles files)
    {
        Errno error = CanOpen(files, IdleBitmap.Path, KernelFileAccess.ReadWrite);
        if (error == Errno.ENOENT)
            return new Problem($"The kernel has no {files.Display(IdleBitmap.Name)}.", "Use a kernel with CONFIG_IDLE_PAGE_TRACKING=y.");
        if (error != Errno.None)
            return Denied(files, IdleBitmap.Name, error);
        error = CanOpen(files, PageFlagsFile.Path, KernelFileAccess.Read);
        if (error != Errno.None)
            return Denied(files, PageFlagsFile.Name, error);
        error = CanOpen(files, PageOwnersFile.Path, KernelFileAccess.Read);
        return error == Errno.None ? null : Denied(files, PageOwnersFile.Name, error);
    }

    private static Problem Denied(KernelFiles files, string file, Errno error) => new(
        $"{files.Display(file)}: {error.Describe()}.",
        error == Errno.ENOENT ? "Use a kernel with CONFIG_PROC_PAGE_MONITOR=y and CONFIG_MEMCG=y." : "Run as root.");

    private static Problem? ProbeMultiGenLru(KernelFiles files) =>
        ProbeGenerations(files, KernelFileAccess.ReadWrite) ?? GenerationRefusals.Refuse(files);

    private static Problem? ProbeGenerations(KernelFiles files) =>
        ProbeGenerations(files, KernelFileAccess.Read) ?? (LruGen.IsEnabled(files) ? null : GenerationRefusals.SwitchedOff(files));

    private static Problem? ProbeGenerations(KernelFiles files, KernelFileAccess access)
    {
        if (CanOpen(files, "/sys/kernel/mm/lru_gen/enabled"u8, KernelFileAccess.Read) == Errno.ENOENT)
            return new Problem("The kernel has no multi-generational LRU.", "Use a kernel with CONFIG_LRU_GEN=y.");
        Errno error = CanOpen(files, LruGen.Path, access);
        if (error == Errno.None)
            return null;
        if (error == Errno.ENOENT)
            return new Problem($"There is no {files.Display(LruGen.Name)}.", "mount -t debugfs debugfs /sys/kernel/debug");
        bool canRead = access != KernelFileAccess.Read && CanOpen(files, LruGen.Path, KernelFileAccess.Read) == Errno.None;
        return new Problem(
            $"{files.Display(LruGen.Name)}{(canRead ? " can be read and not written" : "")}: {error.Describe()}.",
            canRead ? "Mount debugfs writable, or ask for a passive tracker, which makes no generations."
                : "Run as root; where the kernel is locked down (/sys/kernel/security/lockdown), as many are with Secure Boot, debugfs cannot be used.");
    }

    private static Problem? ProbeReferenced(KernelFiles files)
    {
        Errno error = CanRead(files, "/proc/1/smaps"u8);
        if (error == Errno.None)
            error = CanOpen(files, "/proc/1/clear_refs"u8, KernelFileAccess.Write);

        // Some processes are shielded from everyone, the first one of a virtual machine or a container among them; with the rights to read
        // the others' memory, those are told as missing.
        if (error == Errno.None || (error.IsDenied() && Capabilities.Has(files, Capabilities.SysPtrace | Capabilities.DacOverride)))
            return null;
        return error.IsDenied()
            ? new Problem(
                $"The memory of other users' processes cannot be read here ({files.Display("/proc/1")}: {error.Describe()}).",
                "Run as root, or with the capabilities CAP_SYS_PTRACE and CAP_DAC_OVERRIDE.")
            : new Problem(
                $"{files.Display("/proc/1")} has no smaps or clear_refs: {error.Describe()}.",
                "Use a kernel with CONFIG_PROC_PAGE_MONITOR=y, and see that procfs is mounted there.");
    }

    private static Problem? ProbeSimulated(KernelFiles files) => files.IsSimulated
        ? null
        : new Problem("This is a real host.", "Give the roots of a simulated one, of the package ColdPages.Simulation.");

    private static Errno CanOpen(KernelFiles files, ReadOnlySpan<byte> path, KernelFileAccess access)
    {
        Errno error = KernelFile.Open(files, path, access, out KernelFile file);
        file.Dispose();
        return error;
    }

    // The right to a process's memory is asked for when its file is opened or first read, depending on the kernel.
    private static Errno CanRead(KernelFiles files, ReadOnlySpan<byte> path)
    {
        Errno error = KernelFile.Open(files, path, KernelFileAccess.Read, out KernelFile file);
        using (file)
            return error != Errno.None ? error : file.Read(0, stackalloc byte[64]).Error;
    }
}
