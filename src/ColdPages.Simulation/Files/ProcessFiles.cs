namespace ColdPages.Simulation;

/// <summary>What the files of a process's folder say, as far as a process here has it: fs/proc/array.c and task_mmu.c, kernel/cgroup/cgroup.c.</summary>
internal static class ProcessFiles
{
    public static string NameOf(ProcessFile file) => file == ProcessFile.Status ? "status" : "cgroup";

    public static void Write(TextBuilder text, SimulatedProcess process, ProcessFile file, int pageSize)
    {
        text.Clear();
        if (file == ProcessFile.Cgroup)
        {
            text.Append("0::"u8);
            text.Append(process.Memcg.Path);
            text.Append("\n"u8);
            return;
        }

        text.Append("Name:\tsimulated\nPid:\t"u8);
        text.Append(process.Pid);
        text.Append("\n"u8);
        Line("RssAnon:\t"u8, PageKind.Anon);
        Line("RssFile:\t"u8, PageKind.File);
        Line("RssShmem:\t"u8, PageKind.Shmem);

        void Line(ReadOnlySpan<byte> key, PageKind kind)
        {
            text.Append(key);
            text.Append(process.Mapped(kind) * pageSize / 1024);
            text.Append(" kB\n"u8);
        }
    }
}
