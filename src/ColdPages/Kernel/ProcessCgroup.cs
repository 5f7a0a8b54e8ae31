namespace ColdPages;

/// <summary>/proc/PID/cgroup: a line "id:controllers:path" for each hierarchy (Documentation/admin-guide/cgroup-v2.rst).</summary>
internal static class ProcessCgroup
{
    /// <summary>The process's path in the hierarchy that has the memory controller. False when there is no such line.</summary>
    public static bool TryFindPath(ReadOnlySpan<byte> text, int version, out ReadOnlySpan<byte> path)
    {
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            int first = line.IndexOf((byte)':');
            int second = first < 0 ? -1 : line[(first + 1)..].IndexOf((byte)':') + first + 1;
            if (second <= first)
                continue;
            ReadOnlySpan<byte> controllers = line[(first + 1)..second];
            bool wanted = version == 2 ? controllers.IsEmpty && line[..first].SequenceEqual("0"u8) : Lists(controllers, "memory"u8);
            if (wanted)
            {
                path = line[(second + 1)..];
                return true;
            }
        }

        path = default;
        return false;
    }

    /// <summary>Whether a comma-separated list has the word.</summary>
    public static bool Lists(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word)
    {
        foreach (Range item in list.Split((byte)','))
        {
            if (list[item].SequenceEqual(word))
                return true;
        }

        return false;
    }
}
