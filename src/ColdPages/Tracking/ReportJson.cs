using System.Text.Json;

namespace ColdPages;

/// <summary>What the writer and the reader of the report share.</summary>
internal static class ReportJson
{
    public const string Schema = "coldpages.report/1";

    /// <param name="Name">As it is written.</param>
    /// <param name="IsLimit">Whether null is a limit that is not set, and not a number that is not known.</param>
    /// <param name="Get">Its value.</param>
    /// <param name="Set">The same with another value.</param>
    public sealed record MemoryMember(JsonEncodedText Name, bool IsLimit, Func<MemcgMemory, long?> Get, Func<MemcgMemory, long, MemcgMemory> Set);

    /// <summary>The members of a memcg's "memory"; one that is not known is left out.</summary>
    public static readonly MemoryMember[] MemoryMembers =
    [
        Member("currentBytes", static m => m.CurrentBytes, static (m, value) => m with { CurrentBytes = value }),
        Member("localBytes", static m => m.LocalBytes, static (m, value) => m with { LocalBytes = value }),
        Member("swapBytes", static m => m.SwapBytes, static (m, value) => m with { SwapBytes = value }),
        Limit("minBytes", static m => m.MinBytes, static (m, value) => m with { MinBytes = value }),
        Limit("lowBytes", static m => m.LowBytes, static (m, value) => m with { LowBytes = value }),
        Limit("highBytes", static m => m.HighBytes, static (m, value) => m with { HighBytes = value }),
        Limit("maxBytes", static m => m.MaxBytes, static (m, value) => m with { MaxBytes = value }),
        Limit("swapMaxBytes", static m => m.SwapMaxBytes, static (m, value) => m with { SwapMaxBytes = value }),
        Member("anonBytes", static m => m.AnonBytes, static (m, value) => m with { AnonBytes = value }),
        Member("fileBytes", static m => m.FileBytes, static (m, value) => m with { FileBytes = value }),
        Member("shmemBytes", static m => m.ShmemBytes, static (m, value) => m with { ShmemBytes = value }),
        Member("fileMappedBytes", static m => m.FileMappedBytes, static (m, value) => m with { FileMappedBytes = value }),
        Member("fileDirtyBytes", static m => m.FileDirtyBytes, static (m, value) => m with { FileDirtyBytes = value }),
        Member("unevictableBytes", static m => m.UnevictableBytes, static (m, value) => m with { UnevictableBytes = value }),
    ];

    /// <summary>The members of a memcg's "detail", in the order of <see cref="MemcgDetailItem"/>; one that is not known is left out.</summary>
    public static readonly JsonEncodedText[] DetailMembers = Names(
        "fileBytes", "fileDirtyBytes", "fileWritebackBytes", "fileMappedBytes", "unevictableBytes", "kernelBytes", "slabReclaimableBytes", "slabUnreclaimableBytes", "kernelStackBytes", "pageTablesBytes",
        "secondaryPageTablesBytes", "percpuBytes", "vmallocBytes", "zswapBytes", "socketBytes", "hugetlbBytes", "hugetlbReservedBytes");

    /// <summary>The members of a node of a memcg's "detail", in the order of <see cref="NodeDetailItem"/>.</summary>
    public static readonly JsonEncodedText[] NodeMembers = Names("anonBytes", "fileBytes", "shmemBytes", "unevictableBytes");

    /// <summary>The members of a bin of idle memory of a memcg's "detail", in the order of <see cref="IdleDetailLayout"/>.</summary>
    public static readonly JsonEncodedText[] IdleDetailMembers =
        Names("fileCleanBytes", "fileDirtyBytes", "fileWritebackBytes", "fileMappedBytes", "unevictableBytes", "mlockedBytes", "sharedBytes", "unknownBytes");

    /// <summary>The name of a kind in "kindsMerged".</summary>
    public static JsonEncodedText NameOf(PageKind kind) => s_kinds[(int)kind];

    /// <summary>The name of the member that has a kind's bytes.</summary>
    public static JsonEncodedText BytesOf(PageKind kind) => s_kindBytes[(int)kind];

    private static readonly JsonEncodedText[] s_kinds = [JsonEncodedText.Encode("anon"), JsonEncodedText.Encode("file"), JsonEncodedText.Encode("shmem")];
    private static readonly JsonEncodedText[] s_kindBytes = [JsonEncodedText.Encode("anonBytes"), JsonEncodedText.Encode("fileBytes"), JsonEncodedText.Encode("shmemBytes")];

    private static JsonEncodedText[] Names(params string[] names) => [.. names.Select(name => JsonEncodedText.Encode(name))];

    private static MemoryMember Member(string name, Func<MemcgMemory, long?> get, Func<MemcgMemory, long, MemcgMemory> set) =>
        new(JsonEncodedText.Encode(name), IsLimit: false, get, set);

    private static MemoryMember Limit(string name, Func<MemcgMemory, long?> get, Func<MemcgMemory, long, MemcgMemory> set) =>
        Member(name, get, set) with { IsLimit = true };
}
