using System.CommandLine;
using System.Text.Json;
using ColdPages.Cli.Output;

namespace ColdPages.Cli.Commands;

/// <summary>coldpages report: watches for a few intervals and shows the cold memory of each cgroup.</summary>
internal static class ReportCommand
{
    public static Command Create(CliEnvironment environment)
    {
        ReportOptions options = new();
        Command command = new("report", "Watch for a few intervals, then show how many bytes of each memory cgroup have been idle for how long.");
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(options.Read(parsed), environment, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ReportSettings settings, CliEnvironment environment, CancellationToken cancellationToken)
    {
        bool isSimulated = settings.Source == ColdPageSource.Simulated;
        if (isSimulated && settings.Root is not null)
        {
            environment.Tell($"--root: '{settings.Root}' has nothing to do with a simulated host; see coldpages report --help.");
            return ExitCode.WrongUsage;
        }

        if (settings.Passive && settings.Source is not (ColdPageSource.Auto or ColdPageSource.MultiGenLru))
        {
            environment.Tell($"--passive: '{settings.Source.ToName()}' marks pages or clears accessed bits; only mglru can do without. See coldpages report --help.");
            return ExitCode.WrongUsage;
        }

        if (settings.Confirm >= settings.Scans)
        {
            environment.Tell($"--confirm: {settings.Confirm} passes in a row tell an age only where there are more than {settings.Confirm}, and --scans is {settings.Scans}; see coldpages report --help.");
            return ExitCode.WrongUsage;
        }

        // Progress is shown in a person's time, whatever the time of the host.
        ScanProgress progress = new(environment, settings);
        environment = isSimulated ? environment.Simulated() : environment;
        HostRoots roots = environment.Roots(settings.Root);
        if (!SourceChoice.TryChoose(settings.Passive && settings.Source == ColdPageSource.Auto ? ColdPageSource.MultiGenLru : settings.Source, roots, environment, out ColdPageSource source))
            return ExitCode.NotPossibleHere;
        ColdPageTrackerOptions options = new()
        {
            Roots = roots,
            Source = source,
            Interval = settings.Interval,
            Memcg = settings.Memcg,
            Processes = settings.Pid is { } pid ? [pid] : [],
            ConfirmScans = settings.Confirm,
            Passive = settings.Passive,
            Detail = settings.Detail,
            ReferencedWindow = Math.Min(settings.Scans, 254), // One look from the first pass to the last, and no clear at its end.
            TimeProvider = environment.TimeProvider,
        };
        if (settings.LeaseDirectory is not null)
            options = options with { LeaseDirectory = settings.LeaseDirectory };
        using ColdPageTracker tracker = ColdPageTracker.Open(options);
        while (true)
        {
            await progress.ShowAsync(tracker.WaitForIntervalAsync(cancellationToken), tracker.Scans);
            tracker.Scan(cancellationToken);
            bool isLast = tracker.Scans >= settings.Scans;

            // Whether the cgroup and the process are there is known after the first pass: nobody should wait for the last to hear of it.
            if (!isLast && tracker.Scans > 1)
                continue;
            ColdPageSnapshot snapshot = tracker.TakeSnapshot(cancellationToken);
            if (isLast || IsMissing(snapshot, settings))
                return Finish(snapshot, settings, environment);
        }
    }

    private static bool IsMissing(ColdPageSnapshot snapshot, ReportSettings settings) =>
        snapshot.Failure is null
        && ((settings.Memcg is not null && !snapshot.TryGetMemcg(settings.Memcg, out _)) || (settings.Pid is not null && snapshot.Processes.Count == 0));

    private static int Finish(ColdPageSnapshot snapshot, ReportSettings settings, CliEnvironment environment)
    {
        if (snapshot.Failure is null && settings.Memcg is not null && !snapshot.TryGetMemcg(settings.Memcg, out _))
        {
            // The notes are about numbers, of which there are none, but for the one that says the same.
            environment.Tell($"--memcg: there is no memory cgroup '{settings.Memcg}'{(snapshot.Scans > 1 ? " any more" : "")}. Paths start at the hierarchy's root, as in coldpages report.");
            return ExitCode.Failed;
        }

        foreach (string warning in snapshot.Warnings)
            environment.Tell($"note: {warning}");
        if (snapshot.Failure is null && settings.Pid is not null && snapshot.Processes.Count == 0)
        {
            environment.Tell($"--pid: there is no process {settings.Pid} with memory of its own{(settings.Memcg is null ? "" : $" in {settings.Memcg}")}; it may have ended, or may not be read.");
            return ExitCode.Failed;
        }

        IReadOnlyList<MemcgAges> memcgs = settings.Top is { } top ? snapshot.Coldest(top, settings.Scope) : snapshot.Memcgs;
        if (settings.Json)
        {
            using Utf8JsonWriter writer = new(environment.Output);
            snapshot.WriteJson(writer, settings.Scope, memcgs);
            writer.Flush();
            environment.Output.Write("\n"u8);
        }
        else if (snapshot.Failure is null)
        {
            new AgeTable(snapshot, memcgs, settings).Write(environment);
            if (settings.Detail)
                new DetailTable(snapshot, memcgs, settings).Write(environment);
        }

        return snapshot.Failure is null ? ExitCode.Done : ExitCode.Failed;
    }
}
