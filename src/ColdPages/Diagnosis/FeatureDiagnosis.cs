namespace ColdPages;

/// <summary>Whether something that bears on idle memory works on a host.</summary>
public sealed record FeatureDiagnosis
{
    private FeatureDiagnosis(string name, string? why, string? remedy, string? detail, bool isKnown = true)
    {
        Name = name;
        IsKnown = isKnown;
        Why = why;
        Remedy = remedy;
        Detail = detail;
    }

    /// <summary>What it is called; docs/doctor-json.md lists the names, which stay as they are.</summary>
    public string Name { get; }

    /// <summary>Whether it is known to work.</summary>
    public bool IsAvailable => Why is null;

    /// <summary>Whether it is known to work or not to: false where it was not tried, or where trying gave no clear answer.</summary>
    public bool IsKnown { get; }

    /// <summary>Why it does not, or why that could not be told; null where it works.</summary>
    public string? Why { get; }

    /// <summary>What would bring it; null where it works, or where nothing would.</summary>
    public string? Remedy { get; }

    /// <summary>More about one that works, as the size of what there is; null where there is nothing to say.</summary>
    public string? Detail { get; }

    internal static FeatureDiagnosis Available(string name, string? detail = null) => new(name, null, null, detail);

    internal static FeatureDiagnosis Missing(string name, string why, string? remedy) => new(name, why, remedy, null);

    /// <summary>Of what could not be tried, or gave no clear answer.</summary>
    internal static FeatureDiagnosis Unknown(string name, string why, string? remedy) => new(name, why, remedy, null, isKnown: false);

    /// <summary>Of a file that could not be opened, read or written.</summary>
    /// <param name="files">The host.</param>
    /// <param name="name">The feature.</param>
    /// <param name="path">The file.</param>
    /// <param name="error">What the kernel said.</param>
    /// <param name="whereNotThere">What would bring the file; null where nothing would.</param>
    /// <param name="whereDenied">What would give the right to it.</param>
    internal static FeatureDiagnosis Refused(KernelFiles files, string name, string path, Errno error, string? whereNotThere, string whereDenied = "Run as root.")
    {
        if (error == Errno.ENOENT)
        {
            return HostMounts.Missing(files, path) is { } missing
                ? Missing(name, missing.Why, missing.Remedy)
                : Missing(name, $"There is no {files.Display(path)}.", whereNotThere);
        }

        string? remedy = error.IsDenied() ? whereDenied : error == Errno.EROFS ? "Mount that file system writable." : null;
        return Missing(name, $"{files.Display(path)}: {error.Describe()}.", remedy);
    }

    /// <summary>Of what may be tried by one of the host's own processes only.</summary>
    internal static FeatureDiagnosis NotTried(KernelFiles files, string name)
    {
        if (files.IsSimulated)
            return Unknown(name, "Not tried: this process is none of the simulated host's.", null);
        if (!Environment.Is64BitProcess)
            return Unknown(name, "Not tried: this is a 32-bit process.", "Run it as a 64-bit one.");
        return HostMounts.Missing(files, "/proc/") is { } missing
            ? Missing(name, missing.Why, missing.Remedy)
            : Unknown(
                name, "Not tried: seen through another root, the memory of this process might be another host's.",
                "Run it on that host itself, without another root.");
    }
}
