namespace ColdPages.KernelTests;

/// <summary>A small ext4 file system. The guest has no disk, and pages of its tmpfs would be shared memory, not page cache.</summary>
internal sealed class Ext4Volume : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("coldpages-ext4-").FullName;

    private Ext4Volume()
    {
    }

    public string MountPoint => Path.Combine(_folder, "mounted");

    private string Image => Path.Combine(_folder, "image");

    public static Ext4Volume Mount(int mib)
    {
        Ext4Volume volume = new();
        Directory.CreateDirectory(volume.MountPoint);
        Command.Output("truncate", $"--size={mib}M", volume.Image);
        Command.Output("mkfs.ext4", "-q", volume.Image); // Of e2fsprogs.
        Command.Output("mount", "-o", "loop", volume.Image, volume.MountPoint);
        return volume;
    }

    public void Dispose()
    {
        Command.Output("umount", MountPoint);
        Directory.Delete(_folder, recursive: true);
    }
}
