using Xunit.Sdk;
using Xunit.v3;

// One host, one lease, and emulated CPUs: tests that share them would measure each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
