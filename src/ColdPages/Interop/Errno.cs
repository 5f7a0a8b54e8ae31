namespace ColdPages;

/// <summary>The error numbers of Linux that this library tells apart (include/uapi/asm-generic/errno-base.h, errno.h).</summary>
internal enum Errno
{
    None = 0,
    EPERM = 1,
    ENOENT = 2,
    ESRCH = 3,
    EINTR = 4,
    EIO = 5,
    ENXIO = 6,
    EBADF = 9,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EBUSY = 16,
    EEXIST = 17,
    ENODEV = 19,
    ENOTDIR = 20,
    EISDIR = 21,
    EINVAL = 22,
    ENFILE = 23,
    EMFILE = 24,
    ENOTTY = 25,
    ESPIPE = 29,
    EROFS = 30,
    ENAMETOOLONG = 36,
    ENOSYS = 38,
    ELOOP = 40,
    ENODATA = 61,
    ENOTSUP = 95,
}

internal static class ErrnoExtensions
{
    /// <summary>The process, cgroup or file went away: a normal result, since they do all the time.</summary>
    public static bool IsGone(this Errno errno) => errno is Errno.ENOENT or Errno.ESRCH or Errno.ENODEV;

    /// <summary>A right is missing.</summary>
    public static bool IsDenied(this Errno errno) => errno is Errno.EPERM or Errno.EACCES;

    /// <summary>What the errno means, in words for a message.</summary>
    public static string Describe(this Errno errno) => errno switch
    {
        Errno.EPERM => "operation not permitted (EPERM)",
        Errno.ENOENT => "not there (ENOENT)",
        Errno.ESRCH => "the process is gone (ESRCH)",
        Errno.EIO => "input/output error (EIO)",
        Errno.ENXIO => "beyond the end (ENXIO)",
        Errno.EAGAIN => "try again (EAGAIN)",
        Errno.ENOMEM => "out of memory (ENOMEM)",
        Errno.EACCES => "permission denied (EACCES)",
        Errno.EBUSY => "busy (EBUSY)",
        Errno.EEXIST => "there is one already (EEXIST)",
        Errno.ENODEV => "no such device (ENODEV)",
        Errno.ENOTDIR => "not a directory (ENOTDIR)",
        Errno.EINVAL => "invalid argument (EINVAL)",
        Errno.ENFILE => "the host is out of file handles (ENFILE)",
        Errno.EMFILE => "this process is out of file handles (EMFILE)",
        Errno.ENOTTY => "no such request (ENOTTY)",
        Errno.EROFS => "read-only file system (EROFS)",
        Errno.ENOSYS => "not in this kernel (ENOSYS)",
        Errno.ELOOP => "a symbolic link where none may be (ELOOP)",
        Errno.ENOTSUP => "not supported (EOPNOTSUPP)",
        _ => $"errno {(int)errno}",
    };
}
