using System.Buffers.Text;
using System.Text;

namespace ColdPages;

/// <summary>A line of /proc/PID/mountinfo (Documentation/filesystems/proc.rst, 3.5), its octal escapes undone.</summary>
internal sealed record MountInfo(uint Major, uint Minor, byte[] Root, byte[] MountPoint, string FileSystem, string SuperOptions)
{
    /// <summary>36 35 98:0 /root /mount/point rw,noatime [optional fields] - ext4 /dev/root rw,errors=continue</summary>
    public static List<MountInfo> Parse(ReadOnlySpan<byte> text)
    {
        List<MountInfo> mounts = [];
        foreach (ReadOnlySpan<byte> line in new TextLines(text))
        {
            if (ParseLine(line) is { } mount)
                mounts.Add(mount);
        }

        return mounts;
    }

    /// <summary>The device and the file system of a line, without making a string.</summary>
    public static bool TryParseDeviceAndFileSystem(ReadOnlySpan<byte> line, out uint major, out uint minor, out ReadOnlySpan<byte> fileSystem)
    {
        fileSystem = default;
        _ = TextLines.TakeField(ref line); // mount id
        _ = TextLines.TakeField(ref line); // parent id
        bool isDevice = TryParseDevice(TextLines.TakeField(ref line), 'D', out major, out minor);
        int separator = line.IndexOf(" - "u8); // Behind it no field is optional.
        if (!isDevice || separator < 0)
            return false;
        line = line[(separator + 3)..];
        fileSystem = TextLines.TakeField(ref line);
        return true;
    }

    private static MountInfo? ParseLine(ReadOnlySpan<byte> line)
    {
        if (!TryParseDeviceAndFileSystem(line, out uint major, out uint minor, out ReadOnlySpan<byte> fileSystem))
            return null;
        ReadOnlySpan<byte> rest = line;
        for (int i = 0; i < 3; i++)
            _ = TextLines.TakeField(ref rest); // ids and device
        ReadOnlySpan<byte> root = TextLines.TakeField(ref rest);
        ReadOnlySpan<byte> mountPoint = TextLines.TakeField(ref rest);
        rest = rest[(rest.IndexOf(" - "u8) + 3)..];
        _ = TextLines.TakeField(ref rest); // file system
        _ = TextLines.TakeField(ref rest); // source
        ReadOnlySpan<byte> superOptions = TextLines.TakeField(ref rest);
        return new MountInfo(
            major, minor, Unescape(root), Unescape(mountPoint), Encoding.UTF8.GetString(fileSystem), Encoding.UTF8.GetString(superOptions));
    }

    /// <summary>"major:minor", decimal ('D') in mountinfo, hexadecimal ('x') in maps and smaps.</summary>
    public static bool TryParseDevice(ReadOnlySpan<byte> text, char format, out uint major, out uint minor)
    {
        major = minor = 0;
        int colon = text.IndexOf((byte)':');
        return colon > 0
            && Utf8Parser.TryParse(text[..colon], out major, out int used, format) && used == colon
            && Utf8Parser.TryParse(text[(colon + 1)..], out minor, out used, format) && used == text.Length - colon - 1;
    }

    // Blank, tab, newline and backslash are written as a backslash and three octal digits.
    private static byte[] Unescape(ReadOnlySpan<byte> field)
    {
        byte[] plain = new byte[field.Length];
        int length = 0;
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == (byte)'\\' && i + 3 < field.Length && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) && IsOctal(field[i + 3]))
            {
                plain[length++] = (byte)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0'));
                i += 3;
            }
            else
            {
                plain[length++] = field[i];
            }
        }

        return plain[..length];

        static bool IsOctal(byte digit) => digit is >= (byte)'0' and <= (byte)'7';
    }
}
