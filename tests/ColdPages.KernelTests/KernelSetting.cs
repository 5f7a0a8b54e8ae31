namespace ColdPages.KernelTests;

/// <summary>A file of the kernel's that says something else for a while.</summary>
internal sealed class KernelSetting : IDisposable
{
    private readonly string _path;
    private readonly string _before;

    public KernelSetting(string path, string value)
    {
        _path = path;
        string said = File.ReadAllText(path).Trim();

        // Of a choice all values are shown, the one in force in brackets.
        int open = said.IndexOf('[', StringComparison.Ordinal);
        _before = open < 0 ? said : said[(open + 1)..said.IndexOf(']', StringComparison.Ordinal)];
        KernelText.Write(path, value);
    }

    public void Dispose() => KernelText.Write(_path, _before);
}
