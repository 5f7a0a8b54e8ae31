using System.CommandLine;
using System.Text.Json;
using ColdPages.Cli.Output;

namespace ColdPages.Cli.Commands;

/// <summary>coldpages doctor: what this host offers, what is missing, and what would bring it.</summary>
internal static class DoctorCommand
{
    public static Command Create(CliEnvironment environment)
    {
        Option<ColdPageSource?> source = ReportOptions.Source("The source to tell the conflicts of: auto, idle-bitmap, mglru, referenced or simulated. Default: auto.");
        Option<string?> root = ReportOptions.Folder("--root", "Where the root of the host is mounted. It is looked at; what has to be tried is not.");
        Option<bool> json = new("--json") { Description = "Write one JSON object, schema coldpages.doctor/1." };
        Command command = new("doctor", "Tell which sources and kernel features work on this host, what is missing, and what would bring it.") { source, root, json };
        command.SetAction(parsed => Run(
            new DoctorSettings(parsed.GetValue(source) ?? ColdPageSource.Auto, parsed.GetValue(root), parsed.GetValue(json)), environment));
        return command;
    }

    private static int Run(DoctorSettings settings, CliEnvironment environment)
    {
        bool isSimulated = settings.Source == ColdPageSource.Simulated;
        if (isSimulated && settings.Root is not null)
        {
            environment.Tell($"--root: '{settings.Root}' has nothing to do with a simulated host; see coldpages doctor --help.");
            return ExitCode.WrongUsage;
        }

        environment = isSimulated ? environment.Simulated() : environment;
        HostDiagnosis diagnosis = HostDiagnosis.Examine(environment.Roots(settings.Root), settings.Source);
        if (settings.Json)
        {
            using Utf8JsonWriter writer = new(environment.Output);
            diagnosis.WriteJson(writer);
            writer.Flush();
            environment.Output.Write("\n"u8);
        }
        else
        {
            new DiagnosisTable(diagnosis, environment.OutputWidth).Write(environment.Output);
        }

        return ExitCode.Done;
    }
}
