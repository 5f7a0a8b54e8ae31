using System.Text;
using FsCheck.Xunit;

namespace ColdPages.Tests;

/// <summary>Random births, deaths, renames, reuse of inodes and moves of the controller, against a plain model.</summary>
public sealed class MemcgTreePropertyTests
{
    private static readonly string[] s_names = ["a", "b", "ab", "a b", "\u00ff", "a-"];

    [Property(MaxTest = 300)]
    public void In_order_is_what_the_folders_are_after_every_walk((byte, byte, byte)[] steps)
    {
        FolderModel model = new();
        MemcgTree tree = Trees.Of(model.Host);
        Dictionary<string, int> rowsBefore = [];
        foreach ((byte action, byte where, byte which) in steps)
        {
            string name = s_names[which % s_names.Length];
            string parent = model.Pick(where);
            switch (action % 8)
            {
                case 0 or 1 or 2:
                    model.Make(parent, name, useOldInode: which % 2 == 0);
                    break;
                case 3:
                    model.Remove(parent);
                    break;
                case 4:
                    model.Rename(parent, name);
                    break;
                case 5:
                    model.Replace(parent);
                    break;
                case 6:
                    model.ToggleController(parent);
                    break;
                default:
                    rowsBefore = Compare(model, tree, rowsBefore);
                    break;
            }
        }

        _ = Compare(model, tree, rowsBefore);
    }

    private static Dictionary<string, int> Compare(FolderModel model, MemcgTree tree, Dictionary<string, int> rowsBefore)
    {
        Assert.Equal(Errno.None, tree.Refresh());
        Assert.Equal(model.InOrder(), tree.InOrder.Select(memcg => (Encoding.Latin1.GetString(memcg.Path), memcg.Inode)));
        Assert.Equal(tree.InOrder.Count, tree.InOrder.Select(memcg => memcg.Row).Distinct().Count());
        Dictionary<string, int> rows = [];
        foreach (Memcg memcg in tree.InOrder)
        {
            Assert.InRange(memcg.Row, 0, tree.Rows - 1);
            Assert.Same(memcg, tree.FindInode(memcg.Inode));
            Assert.Same(memcg, tree.FindPath(memcg.Path));
            Assert.Same(memcg, tree.FindCharged(memcg.Path));
            string identity = Identity(memcg);
            rows[identity] = memcg.Row;

            // Ages are kept by row: one that stays must keep its own.
            if (rowsBefore.TryGetValue(identity, out int row))
                Assert.Equal(row, memcg.Row);
        }

        return rows;
    }

    private static string Identity(Memcg memcg) =>
        memcg.Parent is null ? $"{memcg.Inode}" : $"{Identity(memcg.Parent)}/{Encoding.Latin1.GetString(memcg.Name)}#{memcg.Inode}";
}
