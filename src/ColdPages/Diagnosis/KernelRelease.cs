namespace ColdPages;

/// <summary>The measured host's kernel.</summary>
internal static class KernelRelease
{
    /// <summary>Its release, as uname -r gives it; null where it is not told.</summary>
    public static string? Read(KernelFiles files)
    {
        using FileText text = FileText.Rent();
        return text.Load(files, "/proc/sys/kernel/osrelease"u8) == Errno.None ? KernelName.ToText(text.Bytes.TrimEnd((byte)'\n')) : null;
    }
}
