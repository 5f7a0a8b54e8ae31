using FsCheck.Xunit;

namespace ColdPages.Tests;

public sealed class PassMarksTests
{
    [Fact]
    public void Each_pass_frees_its_own_mark()
    {
        PassMarks marks = new();
        Assert.Equal(-1, marks.Pass);
        for (int pass = 0; pass < 600; pass++)
        {
            Assert.Equal([PassMark.Of(pass)], marks.Begin(pass));
            Assert.Equal(pass, marks.Pass);
        }
    }

    [Property]
    public void Whatever_passes_never_came_so_far_a_mark_is_freed_before_it_comes_round_again(ushort[] steps)
    {
        // What each mark stands for, as a page would have it.
        PassMarks marks = new();
        Dictionary<byte, int> touched = [];
        int pass = -1;
        foreach (ushort step in steps)
        {
            pass += 1 + (step % 700);
            foreach (byte due in marks.Begin(pass))
            {
                Assert.NotEqual(PassMark.LongAgo, due);
                touched.Remove(due);
            }

            touched.Add(PassMark.Of(pass), pass);
            Assert.All(touched, mark => Assert.Equal(pass - mark.Value, PassMark.AgeAt(pass, mark.Key)));
        }
    }
}
