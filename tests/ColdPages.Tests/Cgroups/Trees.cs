using System.Text;

namespace ColdPages.Tests;

/// <summary>Makes and shows memcg trees; a path has one char a byte (Latin-1).</summary>
internal static class Trees
{
    public static MemcgTree Of(KernelFiles files)
    {
        MemcgHierarchy hierarchy = MemcgHierarchy.Find(files, out Problem? problem) ?? throw new InvalidOperationException(problem?.Why);
        return new MemcgTree(files, hierarchy);
    }

    public static string[] Paths(this MemcgTree tree) => [.. tree.InOrder.Select(memcg => Encoding.Latin1.GetString(memcg.Path))];

    public static Memcg? Find(this MemcgTree tree, string path) => tree.FindPath(Encoding.Latin1.GetBytes(path));

    public static string? Charged(this MemcgTree tree, string processPath) =>
        tree.FindCharged(Encoding.Latin1.GetBytes(processPath)) is { } memcg ? Encoding.Latin1.GetString(memcg.Path) : null;
}
