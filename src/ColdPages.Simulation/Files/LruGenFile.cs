using System.Buffers.Text;

namespace ColdPages.Simulation;

/// <summary>/sys/kernel/debug/lru_gen: lru_gen_seq_show and lru_gen_seq_write of mm/vmscan.c.</summary>
internal static class LruGenFile
{
    private const int MaxSwappiness = 200;

    public static void WriteText(TextBuilder text, SimulatedHost host)
    {
        text.Clear();
        Append(text, host, host.Root);
        foreach (SimulatedMemcg removed in host.Cgroups.Removed)
        {
            // As long as it holds pages; later kernels, where its parent has them, while something else holds it.
            if (host.Options.HasNewLruGen || removed.Generations.Any(lists => lists.Total > 0))
                AppendOne(text, host, removed);
        }
    }

    /// <summary>Does what commands say, one after the other, up to the first that fails.</summary>
    public static IoResult Command(SimulatedHost host, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAny(",;\n"u8);
            Errno error = Obey(host, (end < 0 ? rest : rest[..end]).Trim((byte)' '));
            if (error != Errno.None)
                return IoResult.Failed(error);
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return IoResult.Done(bytes.Length);
    }

    // "+ memcg node max_gen [swappiness [force_scan]]"
    private static Errno Obey(SimulatedHost host, ReadOnlySpan<byte> command)
    {
        if (command.IsEmpty)
            return Errno.None;
        Span<long> numbers = [-1, -1, -1, -1, -1];
        int count = 0;
        ReadOnlySpan<byte> rest = command[1..];
        for (ReadOnlySpan<byte> field; !(field = TextLines.TakeField(ref rest)).IsEmpty; count++)
        {
            if (count == numbers.Length || !Utf8Parser.TryParse(field, out numbers[count], out int used) || used != field.Length || numbers[count] < 0)
                return Errno.EINVAL;
        }

        if (command[0] != (byte)'+' || count < 3 || numbers[1] >= host.Options.Nodes || numbers[3] > MaxSwappiness
            || host.Cgroups.FindByLruGenId((ulong)numbers[0]) is not { } memcg)
        {
            return Errno.EINVAL;
        }

        bool withAnon = numbers[3] < 0 ? host.FreeSwapPages > 0 : numbers[3] > 0;
        return host.Memory.AgeByCommand(memcg.Generations[(int)numbers[1]], numbers[2], withAnon, isForced: numbers[4] != 0);
    }

    private static void Append(TextBuilder text, SimulatedHost host, SimulatedMemcg memcg)
    {
        if (memcg.HasController)
            AppendOne(text, host, memcg);
        foreach (SimulatedMemcg child in memcg.Below)
            Append(text, host, child);
    }

    private static void AppendOne(TextBuilder text, SimulatedHost host, SimulatedMemcg memcg)
    {
        text.Append("memcg "u8);
        if (host.Options.HasNewLruGen)
            text.Append((long)memcg.LruGenId);
        else
            text.AppendRight((long)memcg.LruGenId, 5);
        text.Append(" "u8);
        text.Append(memcg.Path);
        text.Append("\n"u8);
        foreach (GenerationLists lists in memcg.Generations)
        {
            text.Append(" node "u8);
            text.AppendRight(lists.Node, 5);
            text.Append("\n"u8);
            for (long generation = lists.Oldest(isFile: false); generation <= lists.Youngest; generation++)
            {
                text.Append(" "u8);
                text.AppendRight(generation, 10);
                text.Append(" "u8);
                text.AppendRight((host.Clock.GetTimestamp() - lists.Born(generation)) / 1_000_000, 10);
                text.Append(" "u8);
                text.AppendRight(lists.Pages(generation, isFile: false), 10);
                text.Append("  "u8);
                text.AppendRight(lists.Pages(generation, isFile: true), 10);
                text.Append(" \n"u8);
            }
        }
    }
}
