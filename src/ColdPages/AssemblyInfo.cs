using System.Runtime.CompilerServices;

// Paths are built in 4 KiB stack buffers for every file opened; zeroing them first would cost more than the call.
[module: SkipLocalsInit]
