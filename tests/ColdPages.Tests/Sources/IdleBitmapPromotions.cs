namespace ColdPages.Tests;

/// <summary>Holds the promotions of each pass against what was truly touched after it had been idle.</summary>
internal sealed class IdleBitmapPromotions(IdleBitmapRun run, IdleBitmapTruth truth)
{
    private const int Ages = PassClock.MaxPasses + 1;

    private readonly Dictionary<int, TrackedFolio> _before = [];
    private readonly long[] _leastTold = new long[Ages];
    private readonly long[] _mostTold = new long[Ages];
    private readonly long[] _leastNow = new long[Ages];
    private readonly long[] _mostNow = new long[Ages];
    private readonly long[] _seen = new long[Ages];
    private readonly long[] _touched = new long[Ages];

    /// <summary>Pages told to have been touched for certain so far.</summary>
    public long AtLeast => _leastTold.Sum();

    public void Restart()
    {
        _before.Clear();
        _leastTold.AsSpan().Clear();
        _mostTold.AsSpan().Clear();
    }

    public void Check(List<TrackedFolio> tracked, TrackedFolio?[] byFrame)
    {
        _seen.AsSpan().Clear();
        _touched.AsSpan().Clear();
        foreach (TrackedFolio before in _before.Values)
        {
            // What is told as idle as before, or was found to be another.
            if (byFrame[before.Frame] is { } now && now.Mark == before.Mark)
                continue;
            Count(before);
        }

        Told(_leastNow, _mostNow);
        for (int age = 0; age < Ages; age++)
        {
            long least = _leastNow[age] - _leastTold[age];
            long most = _mostNow[age] - _mostTold[age];
            Assert.True(least <= _touched[age], $"Pass {run.Clock.Current}: at least {least} pages are told touched after {age} passes, and {_touched[age]} were.");
            Assert.True(most >= _seen[age], $"Pass {run.Clock.Current}: at most {most} pages are told touched after {age} passes, and {_seen[age]} were.");
            Assert.True(least <= most);
        }

        _leastNow.CopyTo(_leastTold, 0);
        _mostNow.CopyTo(_mostTold, 0);
        _before.Clear();
        foreach (TrackedFolio folio in tracked)
            _before[folio.Frame] = folio;
    }

    private void Count(TrackedFolio before)
    {
        // As it was told by the pass before: when it was touched after that nobody knows.
        int age = PassMark.AgeAt(run.Clock.Current - 1, before.Mark);
        ref readonly SeenFolio then = ref truth.Before(before.Frame);

        // It may have been touched one scan earlier, when nobody could look at it.
        if (then.Folio is null || (then.Folio.TouchNumber == then.TouchNumber && !then.IsHidden))
            return;
        _touched[age] += Math.Min(before.Identity.Pages, 1 << then.Order);
        ref readonly SeenFolio now = ref truth.Now(then.Folio.Frame); // It may have been moved.
        Owner owner = before.Owner;
        while (owner.Heir is { } heir)
            owner = heir;
        if (now.Folio == then.Folio && now.TouchNumber != then.TouchNumber && !now.IsHidden && !truth.IsRaced(before.Frame) && !truth.IsRaced(then.Folio.Frame) && now.Order == before.Identity.Order
            && now.Inode == owner.Inode && now.Folio!.Kind == before.Identity.Kind && now.History.LostTouch != now.TouchNumber)
        {
            _seen[age] += before.Identity.Pages;
        }
    }

    private void Told(long[] least, long[] most)
    {
        least.AsSpan().Clear();
        most.AsSpan().Clear();
        foreach (Owner owner in run.Owners.All)
        {
            // What was removed has left its numbers to another.
            if (owner.Heir is not null || owner.Promotions is not { } promotions)
                continue;
            for (int age = 0; age < Ages; age++)
            {
                least[age] += promotions.AtLeast[age];
                most[age] += promotions.AtMost[age];
            }
        }
    }
}
