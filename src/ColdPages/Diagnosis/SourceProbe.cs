namespace ColdPages;

/// <summary>Finds out what a host offers, by trying.</summary>
internal static class SourceProbe
{
    public static HostDiagnosis Run(KernelFiles files, ColdPageSource requested)
    {
        Problem? host = ProbeHost(files);
        SourceDiagnosis[] sources =
        [
            Diagnose(ColdPageSource.IdleBitmap, ProbeIdleBitmap),
            Diagnose(ColdPageSource.MultiGenLru, ProbeMultiGenLru),
            Diagnose(ColdPageSource.Referenced, ProbeReferenced),
        ];
        if (files.IsSimulated || requested == ColdPageSource.Simulated)
            sources = [.. sources, Diagnose(ColdPageSource.Simulated, ProbeSimulated)];
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

        if (source == ColdPageSource.IdleBitmap && LruGen.IsEnabled(files))
        {
            conflicts.Add(new Doubt(
                "The multi-generational LRU is on: it takes the accessed bits that this source reads, and reads of files leave no trace; any page may look idle although it was touched. 'echo n > /sys/kernel/mm/lru_gen/enabled' switches it off.",
                Doubt.AllBytes));
        }

        if (source == ColdPageSource.IdleBitmap && Damon.IsRunning(files))
        {
            conflicts.Add(new Doubt(
                "DAMON is running: it marks the pages that it samples as idle and takes their accessed bits, so some touched ones may look idle for one pass. See /sys/module/damon_stat/parameters/enabled and /sys/kernel/mm/damon/admin/kdamonds.", 0));
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

    private static Problem? ProbeMultiGenLru(KernelFiles files) => CanOpen(files, "/sys/kernel/debug/lru_gen"u8, KernelFileAccess.Read) switch
    {
        Errno.ENOENT when CanOpen(files, "/sys/kernel/mm/lru_gen/enabled"u8, KernelFileAccess.Read) == Errno.ENOENT => new Problem(
            "The kernel has no multi-generational LRU, and this version of ColdPages would not read it yet.", "Use a kernel with CONFIG_LRU_GEN=y."),
        Errno.ENOENT => new Problem($"There is no {files.Display("/sys/kernel/debug/lru_gen")}.", "mount -t debugfs debugfs /sys/kernel/debug"),
        Errno error when error.IsDenied() => new Problem($"{files.Display("/sys/kernel/debug/lru_gen")}: {error.Describe()}.", "Run as root."),
        _ => new Problem("The kernel has the multi-generational LRU, but this version of ColdPages does not read it.", "Ask for 'referenced' by name."),
    };

    private static Problem? ProbeReferenced(KernelFiles files)
    {
        Errno error = CanRead(files, "/proc/1/smaps"u8);
        if (error == Errno.None)
            error = CanOpen(files, "/proc/1/clear_refs"u8, KernelFileAccess.Write);

        // Some processes are shielded from everyone, the first one of a virtual machine or a container among them; with the rights to read
        // the others' memory, those are told as missing.
        if (error == Errno.None || (error.IsDenied() && HasCapabilities(files)))
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

    // CAP_SYS_PTRACE to read smaps, CAP_DAC_OVERRIDE to write clear_refs (include/uapi/linux/capability.h).
    private static bool HasCapabilities(KernelFiles files)
    {
        const ulong Needed = (1UL << 19) | (1UL << 1);
        using FileText text = FileText.Rent();
        if (text.Load(files, "/proc/self/status"u8) != Errno.None)
            return false;
        foreach (ReadOnlySpan<byte> line in new TextLines(text.Bytes))
        {
            ReadOnlySpan<byte> rest = line;
            if (TextLines.TakeField(ref rest).SequenceEqual("CapEff:"u8))
            {
                return System.Buffers.Text.Utf8Parser.TryParse(TextLines.TakeField(ref rest), out ulong effective, out _, 'x')
                    && (effective & Needed) == Needed;
            }
        }

        return false;
    }

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
