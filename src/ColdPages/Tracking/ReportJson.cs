using System.Text.Json;

namespace ColdPages;

/// <summary>What the writer and the reader of the report share.</summary>
internal static class ReportJson
{
    public const string Schema = "coldpages.report/1";

    public sealed record MemoryMember(JsonEncodedText Name, Func<MemcgMemory, long?> Get, Func<MemcgMemory, long, MemcgMemory> Set);

    /// <summary>The members of a memcg's "memory"; one that is not known is left out.</summary>
    public static readonly MemoryMember[] MemoryMembers =
    [
        Member("currentBytes", static m => m.CurrentBytes, static (m, value) => m with { CurrentBytes = value }),
        Member("localBytes", static m => m.LocalBytes, static (m, value) => m with { LocalBytes = value }),
        Member("swapBytes", static m => m.SwapBytes, static (m, value) => m with { SwapBytes = value }),
        Member("minBytes", static m => m.MinBytes, static (m, value) => m with { MinBytes = value }),
        Member("lowBytes", static m => m.LowBytes, static (m, value) => m with { LowBytes = value }),
        Member("highBytes", static m => m.HighBytes, static (m, value) => m with { HighBytes = value }),
        Member("maxBytes", static m => m.MaxBytes, static (m, value) => m with { MaxBytes = value }),
        Member("swapMaxBytes", static m => m.SwapMaxBytes, static (m, value) => m with { SwapMaxBytes = value }),
        Member("anonBytes", static m => m.AnonBytes, static (m, value) => m with { AnonBytes = value }),
        Member("fileBytes", static m => m.FileBytes, static (m, value) => m with { FileBytes = value }),
        Member("shmemBytes", static m => m.ShmemBytes, static (m, value) => m with { ShmemBytes = value }),
        Member("fileMappedBytes", static m => m.FileMappedBytes, static (m, value) => m with { FileMappedBytes = value }),
        Member("fileDirtyBytes", static m => m.FileDirtyBytes, static (m, value) => m with { FileDirtyBytes = value }),
        Member("unevictableBytes", static m => m.UnevictableBytes, static (m, value) => m with { UnevictableBytes = value }),
    ];

    private static MemoryMember Member(string name, Func<MemcgMemory, long?> get, Func<MemcgMemory, long, MemcgMemory> set) =>
        new(JsonEncodedText.Encode(name), get, set);
}
