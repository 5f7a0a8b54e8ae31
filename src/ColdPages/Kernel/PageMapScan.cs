using System.Runtime.InteropServices;

namespace ColdPages;

/// <summary>struct pm_scan_arg, what the ioctl PAGEMAP_SCAN on pagemap takes (include/uapi/linux/fs.h): ranges of pages by what they are.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageMapScan
{
    /// <summary>PAGEMAP_SCAN, _IOWR('f', 16, struct pm_scan_arg), in the generic encoding of x86 and Arm.</summary>
    public const uint Request = 0xC0606610;

    /// <summary>PAGE_IS_PRESENT.</summary>
    public const ulong Present = 1 << 3;

    public ulong Size;
    public ulong Flags;
    public ulong Start;
    public ulong End;
    public ulong WalkEnd;
    public ulong Regions;
    public ulong RegionCount;
    public ulong MaxPages;
    public ulong CategoryInverted;
    public ulong CategoryMask;
    public ulong CategoryAnyOfMask;
    public ulong ReturnMask;
}

/// <summary>struct page_region: a range that the scan found, its end not included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageRegion
{
    public ulong Start;
    public ulong End;
    public ulong Categories;
}
