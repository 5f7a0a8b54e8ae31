using FsCheck.Xunit;

namespace ColdPages.Tests;

/// <summary>Random histories of touches, processes and passes, against a model that knows when each page was truly touched.</summary>
public sealed class ReferencedSourcePropertyTests
{
    private static readonly string[] s_cgroups = ["/", "/a", "/a/b", "/a/gone (deleted)", "/../outside"];

    [Property(MaxTest = 300)]
    public void No_bytes_are_told_to_be_idle_for_longer_than_they_are((byte Action, byte Which)[] steps, byte window)
    {
        FakeHost host = new();
        host.AddMemcg("/a");
        host.AddMemcg("/a/b");
        ReferencedRun run = new(host, window: 1 + (window % 6));
        TouchModel model = new(run);
        model.Start("/a", pages: 8);
        model.Start("/a/b", pages: 5);
        foreach ((byte action, byte which) in steps)
        {
            run.Time.Advance(TimeSpan.FromMilliseconds(which));
            Act(model, run, action, which);
        }

        Pass(model, run);
    }

    private static void Act(TouchModel model, ReferencedRun run, byte action, byte which)
    {
        string cgroup = s_cgroups[which % s_cgroups.Length];
        int size = 1 + (which % 9);
        int? pid = model.Pick(which);
        switch (action % 12)
        {
            case 0:
                model.Start(cgroup, size);
                break;
            case 1 when pid is { } chosen:
                model.Exit(chosen);
                if (which % 2 == 0)
                    model.Start(cgroup, size, chosen);
                break;
            case 2 when pid is { } chosen:
                model.Execute(chosen, size);
                break;
            case 3 when pid is { } chosen:
                model.Grow(chosen, size);
                break;
            case 4 when pid is { } chosen:
                model.Move(chosen, cgroup);
                break;
            case 5 or 6 or 7 when pid is { } chosen:
                model.Touch(chosen, action);
                break;
            case 8:
                PassCancelledAt(model, run, which);
                break;
            case 9:
                PassWithChurn(model, run, which);
                break;
            default:
                Pass(model, run);
                break;
        }
    }

    private static void PassWithChurn(TouchModel model, ReferencedRun run, byte which)
    {
        model.WhileRead = pid =>
        {
            run.Time.Advance(TimeSpan.FromMilliseconds(3));
            if ((pid + which) % 5 == 0)
                model.Exit(pid);
            else if ((pid + which) % 5 == 1)
                model.Execute(pid, pages: 3);
        };
        model.BeforeClear = pid =>
        {
            // The clear loses these touches.
            run.Time.Advance(TimeSpan.FromMilliseconds(3));
            if (which % 2 == 0)
                model.Touch(pid, which);
        };
        Pass(model, run);
        model.WhileRead = model.BeforeClear = null;
    }

    private static void PassCancelledAt(TouchModel model, ReferencedRun run, byte which)
    {
        using CancellationTokenSource cancelling = new();
        int reads = which % 3;
        model.WhileRead = _ =>
        {
            run.Time.Advance(TimeSpan.FromMilliseconds(3));
            if (reads-- == 0)
                cancelling.Cancel();
        };
        try
        {
            _ = run.PassUnless(cancelling.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Equal(0, run.Host.OpenFiles);
        }

        model.WhileRead = null;
    }

    private static void Pass(TouchModel model, ReferencedRun run)
    {
        model.BeginPass();
        Assert.Null(run.Pass());
        AgeHistogram[] all = [.. run.Tree.InOrder.Select(run.Ages), run.Unattributed];
        Assert.Equal(model.BytesRead, all.Sum(ages => ages.TotalBytes));
        TimeSpan[] edges = run.Clock.Edges(run.Source.Bins - 1);
        foreach (TimeSpan age in edges)
        {
            long told = all.Sum(ages => ages.BytesOlderThan(age).AtLeast);
            long truth = model.BytesUntouchedFor(age);
            Assert.True(told <= truth, $"{told} bytes told to be idle for {age}, and {truth} are.");
        }

        Assert.Equal(0, run.Host.OpenFiles);
    }
}
