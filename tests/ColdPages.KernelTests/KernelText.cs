using System.Text;

namespace ColdPages.KernelTests;

internal static class KernelText
{
    /// <summary>Not File.WriteAllText: there is nothing to create or to truncate among the kernel's files.</summary>
    public static void Write(string path, string text)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
        stream.Write(Encoding.ASCII.GetBytes(text));
    }
}
