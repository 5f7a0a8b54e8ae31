using System.Buffers.Text;
using System.Text;

namespace ColdPages.Simulation;

/// <summary>
/// The kernel files of a simulated host behind the library's seam. What is read of them again and again makes no garbage, so that the library's
/// own can be measured.
/// </summary>
internal sealed class SimulatedFiles(SimulatedHost host) : KernelFiles
{
    private const int NanosecondsPerCall = 1_000;
    private const int BitsPerByte = 8;

    private readonly HostFileTable _table = HostFileTable.For(host.PageSize);
    private readonly List<OpenFile> _handles = [];
    private readonly Stack<int> _freeHandles = [];
    private readonly long[] _entriesRead = new long[(int)HostFile.PageCount + 1];
    private readonly long[] _entriesWritten = new long[(int)HostFile.PageCount + 1];

    public override int PageSize => host.PageSize;

    public override bool IsSimulated => true;

    public override ReadOnlySpan<byte> MountInfoPath => "/proc/self/mountinfo"u8;

    /// <summary>Files that were opened and not closed.</summary>
    public int OpenFiles => _handles.Count - _freeHandles.Count;

    /// <summary>Asked before each operation how it is to go.</summary>
    public FileFault? Fault { get; set; }

    /// <summary>Called before each read that is done, with the path and the offset; whatever it does to the host, the read sees.</summary>
    public Action<string, long>? BeforeRead { get; set; }

    /// <summary>Called before each write that is done, with the path and the offset.</summary>
    public Action<string, long>? BeforeWrite { get; set; }

    /// <summary>Entries read of the bitmap (a frame's bit each), kpageflags, kpagecgroup or kpagecount (8 bytes each); other files have none.</summary>
    public long EntriesRead(HostFile file) => HasEntries(file) ? _entriesRead[(int)file] : 0;

    /// <summary>Entries written to the bitmap, a frame's bit each.</summary>
    public long EntriesWritten(HostFile file) => HasEntries(file) ? _entriesWritten[(int)file] : 0;

    public override Errno Open(ReadOnlySpan<byte> path, KernelFileAccess access, out int handle)
    {
        lock (host.Gate)
        {
            handle = -1;
            if (Fault?.Invoke(FileOperation.Open, Encoding.UTF8.GetString(path), 0, 0) is { Ok: false } failed)
                return failed.Error;
            host.Clock.Spend(NanosecondsPerCall);
            HostFile hostFile = default;
            SimulatedMemcg? memcg = null;
            MemcgFile memcgFile = default;
            if (!host.Processes.TryFind(path, out SimulatedProcess? process, out ProcessFile processFile) && !TryFind(path, out memcg, out memcgFile, out hostFile))
                return IsFolder(path) ? Errno.EISDIR : Errno.ENOENT;
            handle = TakeHandle();
            OpenFile file = _handles[handle];
            file.IsOpen = true;
            file.Memcg = memcg;
            file.MemcgFile = memcgFile;
            file.Process = process;
            file.ProcessFile = processFile;
            file.HostFile = hostFile;
            file.HasText = false;
            return Errno.None;
        }
    }

    public override IoResult Read(int handle, long offset, Span<byte> buffer)
    {
        lock (host.Gate)
        {
            OpenFile file = Get(handle);
            if (Fault?.Invoke(FileOperation.Read, PathOf(file), offset, buffer.Length) is { } allowed)
            {
                if (!allowed.Ok)
                    return allowed;
                buffer = buffer[..Math.Min(buffer.Length, allowed.Count)];
            }

            BeforeRead?.Invoke(PathOf(file), offset);
            IoResult result = ReadNow(file, offset, buffer);
            Account(file, result, _entriesRead);
            return result;
        }
    }

    public override IoResult Write(int handle, long offset, ReadOnlySpan<byte> bytes)
    {
        lock (host.Gate)
        {
            OpenFile file = Get(handle);
            if (Fault?.Invoke(FileOperation.Write, PathOf(file), offset, bytes.Length) is { } allowed)
            {
                if (!allowed.Ok)
                    return allowed;
                bytes = bytes[..Math.Min(bytes.Length, allowed.Count)];
            }

            BeforeWrite?.Invoke(PathOf(file), offset);
            IoResult result = file switch
            {
                { Memcg: null, Process: null, HostFile: HostFile.IdleBitmap } => IdleBitmapFile.Write(host.Memory, host.PageSize, offset, bytes),
                { Memcg: null, Process: null, HostFile: HostFile.LruGen } => LruGenFile.Command(host, bytes),
                _ => IoResult.Failed(Errno.EINVAL),
            };
            Account(file, result, _entriesWritten);
            return result;
        }
    }

    public override void Close(int handle)
    {
        lock (host.Gate)
        {
            OpenFile file = Get(handle);
            file.IsOpen = false;
            file.Memcg = null;
            file.Process = null;
            _freeHandles.Push(handle);
        }
    }

    public override Errno List(ReadOnlySpan<byte> path, DirectoryListing listing)
    {
        lock (host.Gate)
        {
            listing.Clear();
            if (Fault?.Invoke(FileOperation.List, Encoding.UTF8.GetString(path), 0, 0) is { Ok: false } failed)
                return failed.Error;
            host.Clock.Spend(NanosecondsPerCall);
            if (host.Cgroups.FindDirectory(path) is { } memcg)
            {
                ListMemcg(memcg, listing);
                return Errno.None;
            }

            if (!_table.List(path, listing, host.Options))
                return Errno.ENOENT;
            if (path.SequenceEqual("/proc"u8))
                ListProcesses(listing);
            listing.Add(HostFileTable.InodeOf(path), isDirectory: true, "."u8);
            return Errno.None;
        }
    }

    private void ListProcesses(DirectoryListing listing)
    {
        Span<byte> name = stackalloc byte[16];
        for (int i = 0; i < host.Processes.All.Count; i++)
        {
            int pid = host.Processes.All[i].Pid;
            Utf8Formatter.TryFormat(pid, name, out int digits);
            listing.Add((ulong)pid, isDirectory: true, name[..digits]);
        }
    }

    private static bool HasEntries(HostFile file) => file <= HostFile.PageCount;

    private static void ListMemcg(SimulatedMemcg memcg, DirectoryListing listing)
    {
        listing.Add(memcg.Inode, isDirectory: true, "."u8);
        listing.Add(memcg.Parent?.Inode ?? memcg.Inode, isDirectory: true, ".."u8);
        for (int i = 0; i < MemcgFiles.Names.Length; i++)
        {
            if (MemcgFiles.Has(memcg, (MemcgFile)i))
                listing.Add(memcg.Inode + 1 + (ulong)i, isDirectory: false, MemcgFiles.Names[i]);
        }

        foreach (SimulatedMemcg child in memcg.Below)
            listing.Add(child.Inode, isDirectory: true, child.NameBytes);
    }

    private bool TryFind(ReadOnlySpan<byte> path, out SimulatedMemcg? memcg, out MemcgFile memcgFile, out HostFile hostFile)
    {
        memcg = null;
        memcgFile = default;
        if (_table.TryFind(path, out hostFile))
            return HostFileTable.Has(host.Options, hostFile);
        int slash = path.LastIndexOf((byte)'/');
        if (slash <= 0 || host.Cgroups.FindDirectory(path[..slash]) is not { } owner || !MemcgFiles.TryFind(path[(slash + 1)..], out memcgFile)
            || !MemcgFiles.Has(owner, memcgFile))
        {
            return false;
        }

        memcg = owner;
        return true;
    }

    private bool IsFolder(ReadOnlySpan<byte> path) => host.Cgroups.FindDirectory(path) is not null;

    private IoResult ReadNow(OpenFile file, long offset, Span<byte> buffer)
    {
        if (file.Process is { } process)
        {
            if (host.Processes.Find(process.Pid) is null)
                return IoResult.Failed(Errno.ESRCH);
        }
        else if (file.Memcg is null)
        {
            switch (file.HostFile)
            {
                case HostFile.IdleBitmap:
                    return IdleBitmapFile.Read(host.Memory, host.PageSize, offset, buffer);
                case HostFile.PageFlags or HostFile.PageCgroup or HostFile.PageCount:
                    return PageMapFile.Read(host.Memory, host.Options, file.HostFile, offset, buffer);
            }
        }
        else if (file.Memcg.IsRemoved)
        {
            return IoResult.Failed(Errno.ENODEV);
        }

        // A text is made when it is read from its start; who reads on is given the rest of the same.
        if (offset == 0 || !file.HasText)
        {
            if (file.Process is not null)
                ProcessFiles.Write(file.Text, file.Process, file.ProcessFile, host.PageSize);
            else if (file.Memcg is { } memcg)
                MemcgFiles.Write(file.Text, memcg, file.MemcgFile, host.Options);
            else
                HostTexts.Write(file.Text, file.HostFile, host);
            file.HasText = true;
        }

        ReadOnlySpan<byte> text = file.Text.Bytes;
        if (offset < 0)
            return IoResult.Failed(Errno.EINVAL);
        int count = (int)Math.Clamp(text.Length - offset, 0, buffer.Length);
        text.Slice((int)Math.Min(offset, text.Length), count).CopyTo(buffer);
        return IoResult.Done(count);
    }

    // What an operation costs goes by after it: the clock can make workloads take a step, and that is between two operations then.
    private void Account(OpenFile file, IoResult result, long[] counts)
    {
        long entries = 0;
        if (file.Memcg is null && file.Process is null && HasEntries(file.HostFile))
        {
            entries = file.HostFile == HostFile.IdleBitmap ? (long)result.Count * BitsPerByte : result.Count / PageMapFile.EntryBytes;
            counts[(int)file.HostFile] += entries;
        }

        host.Clock.Spend(NanosecondsPerCall + (entries * host.Options.NanosecondsPerEntry));
    }

    private OpenFile Get(int handle)
    {
        if (handle < 0 || handle >= _handles.Count || !_handles[handle].IsOpen)
            throw new InvalidOperationException($"No file is open as {handle}.");
        return _handles[handle];
    }

    private int TakeHandle()
    {
        if (_freeHandles.TryPop(out int handle))
            return handle;
        _handles.Add(new OpenFile());
        return _handles.Count - 1;
    }

    private string PathOf(OpenFile file) => file.Process is { } process
        ? $"/proc/{process.Pid}/{ProcessFiles.NameOf(file.ProcessFile)}"
        : file.Memcg is { } memcg
        ? $"{Encoding.UTF8.GetString(memcg.Directory)}/{Encoding.UTF8.GetString(MemcgFiles.Names[(int)file.MemcgFile])}"
        : _table.PathOf(file.HostFile);
}
