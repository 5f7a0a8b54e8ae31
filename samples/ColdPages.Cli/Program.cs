using ColdPages.Cli;

return await CliApp.RunAsync(args, CliEnvironment.Console());
