namespace ColdPages;

/// <summary>Memory of this process's own that was touched, and the frames that it lies in.</summary>
internal sealed class OwnFrames : IDisposable
{
    private readonly KernelFiles _files;
    private readonly WordFile _pageMap;

    private OwnFrames(KernelFiles files, OwnMemory memory, WordFile pageMap)
    {
        _files = files;
        _pageMap = pageMap;
        Memory = memory;
    }

    public OwnMemory Memory { get; }

    /// <summary>Maps and touches so many pages, or one huge page; <paramref name="refusal"/> says why their frames cannot be known.</summary>
    public static OwnFrames? Map(KernelFiles files, string feature, int pages, long hugePage, out FeatureDiagnosis? refusal)
    {
        refusal = null;
        if (!files.HasOwnMemory)
        {
            refusal = FeatureDiagnosis.NotTried(files, feature);
            return null;
        }

        Errno error = WordFile.Open(files, PageMap.Path, KernelFileAccess.Read, out WordFile pageMap);
        if (error != Errno.None)
        {
            refusal = FeatureDiagnosis.Refused(files, feature, PageMap.Name, error, PageMapProbe.Remedy);
            return null;
        }

        error = files.MapOwnMemory(Math.Max(pages * (long)files.PageSize, hugePage), hugePage, out OwnMemory? memory);
        if (error != Errno.None || memory is null)
        {
            pageMap.Dispose();
            refusal = FeatureDiagnosis.Unknown(feature, $"There was no memory to try it on: {error.Describe()}.", null);
            return null;
        }

        for (int page = 0; page < pages; page++)
            memory.Touch(page);
        OwnFrames own = new(files, memory, pageMap);
        long[] first = own.Read(1);
        if (first[0] > 0)
            return own;
        own.Dispose();
        refusal = FeatureDiagnosis.Missing(
            feature, $"{files.Display(PageMap.Name)} does not show which frames the memory of this process is in.", PageMapProbe.FramesRemedy);
        return null;
    }

    /// <summary>The frames now of the first pages; 0 for one that is not in memory.</summary>
    public long[] Read(int pages)
    {
        ulong[] entries = new ulong[pages];
        IoResult read = _pageMap.Read((long)Memory.Address / _files.PageSize, entries);
        Array.Clear(entries, read.Count, pages - read.Count);
        return Array.ConvertAll(entries, PageMap.Frame);
    }

    public void Dispose()
    {
        _pageMap.Dispose();
        Memory.Dispose();
    }
}
