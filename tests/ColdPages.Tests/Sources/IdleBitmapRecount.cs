using System.Numerics;

namespace ColdPages.Tests;

/// <summary>A folio as the source knows it: tracked, idle, last seen touched in the pass of its mark.</summary>
/// <param name="Frame">Its first frame.</param>
/// <param name="Owner">Who has it now.</param>
/// <param name="Identity">What else is known of it.</param>
/// <param name="Mark">The pass of its last touch.</param>
internal readonly record struct TrackedFolio(int Frame, Owner Owner, FolioIdentity Identity, byte Mark);

/// <summary>Counts all that is known of single pages anew, and holds it against the sums that are kept from pass to pass.</summary>
internal sealed class IdleBitmapRecount(IdleBitmapRun run)
{
    private readonly Dictionary<(Owner, PageKind), int[]> _pages = [];
    private readonly List<TrackedFolio> _folios = [];

    /// <summary>All tracked folios by frame, as <see cref="Count"/> found them.</summary>
    public List<TrackedFolio> Folios => _folios;

    public void Count()
    {
        _folios.Clear();
        _pages.Clear();
        long total = 0;
        for (int i = 0; i < run.PageAges.Blocks; i++)
        {
            if (run.PageAges.Block(i) is { } block)
                total += CountBlock(block, i * IdleBitmap.BlockFrames);
        }

        Assert.Equal(total, run.PageAges.Pages.All);
        long kept = 0;
        foreach (Owner owner in run.Owners.All)
        {
            kept += owner.TotalPages;
            for (PageKind kind = PageKind.Anon; (int)kind < BinLayout.Kinds; kind++)
            {
                ReadOnlySpan<int> pages = owner.Pages(kind);
                if (_pages.TryGetValue((owner, kind), out int[]? counted))
                    Assert.Equal(counted, pages);
                else
                    Assert.False(pages.ContainsAnyExcept(0));
            }
        }

        Assert.Equal(total, kept);
    }

    /// <summary>Idle bytes of an owner's kind.</summary>
    public long IdleBytes(Owner? owner, PageKind kind) =>
        owner is not null && _pages.TryGetValue((owner, kind), out int[]? pages) ? pages.Sum(count => (long)count) * run.Host.PageSize : 0;

    private long CountBlock(FrameBlock block, int firstFrame)
    {
        long pages = 0;
        int folios = 0;
        int coveredTo = 0;
        int covered = 0;
        for (int word = 0; word < IdleBitmap.BlockWords; word++)
        {
            for (ulong bits = block.Idle[word]; bits != 0; bits &= bits - 1)
            {
                int frame = (word * 64) + BitOperations.TrailingZeroCount(bits);
                FolioIdentity identity = PageAges.Identity(block, frame, out byte mark);
                Owner owner = run.Owners[identity.Owner];
                if (!_pages.TryGetValue((owner, identity.Kind), out int[]? counted))
                    _pages[(owner, identity.Kind)] = counted = new int[PassMark.Count];
                counted[mark] += identity.Pages;
                pages += identity.Pages;
                folios++;
                _folios.Add(new TrackedFolio(firstFrame + frame, owner, identity, mark));
                Assert.True(frame >= coveredTo, $"The folio at frame {firstFrame + frame} lies within another.");
                if (identity.Order == 0)
                    continue;
                coveredTo = frame + identity.Pages;
                covered += identity.Pages;
                for (int i = frame; i < coveredTo; i++)
                    Assert.True((block.Covered[i >> 6] & (1UL << (i & 63))) != 0, $"Frame {firstFrame + i} is not covered by its folio.");
            }
        }

        Assert.Equal(covered, Bitmaps.PopCount(block.Covered, VectorWidth.Widest));
        Assert.Equal(folios, block.Tracked);
        Assert.True(folios > 0, "A block with nothing in it is kept.");
        int inGroups = 0;
        foreach (FrameGroup? group in block.Groups)
        {
            inGroups += group?.Tracked ?? 0;
            Assert.True(group is null || group.Tracked > 0, "A group with nothing in it is kept.");
        }

        Assert.Equal(folios, inGroups);
        return pages;
    }
}
