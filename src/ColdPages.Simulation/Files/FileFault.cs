namespace ColdPages.Simulation;

/// <summary>Decides how an operation on a file goes, before it is done.</summary>
/// <param name="operation">The operation.</param>
/// <param name="path">The path of the file or folder.</param>
/// <param name="offset">Where it is read or written.</param>
/// <param name="count">How many bytes are asked for.</param>
/// <returns>Null to go on; an errno to fail with; or a count of bytes, to do no more than so many of them.</returns>
internal delegate IoResult? FileFault(FileOperation operation, string path, long offset, int count);
