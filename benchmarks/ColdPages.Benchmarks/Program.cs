using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using ColdPages.Benchmarks;

Summary[] summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(SmapsBenchmarks).Assembly).Run(args)];

// The switcher itself ends with 0 also where a benchmark could not be built or threw.
return summaries.All(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success)) ? 0 : 1;
