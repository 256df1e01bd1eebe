namespace Freezer.Platform.Portable;

/// <summary>Turns what the base class library throws into the one exception of a <see cref="FileTree"/>.</summary>
internal static class PortableError
{
    private const int WindowsFacility = unchecked((int)0x8007_0000);
    private const int FacilityMask = unchecked((int)0xFFFF_0000);

    internal static bool IsExpected(Exception exception) => exception is
        (IOException and not FileSystemException) or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    internal static FileSystemException Make(string what, string path, Exception cause) =>
        new(Classify(cause), $"Cannot {what} '{Printable(path)}': {cause.Message}", cause);

    internal static FileSystemException NotSupported(string what, string path) =>
        new(FileError.NotSupported, $"Cannot {what} '{Printable(path)}': the base class library offers no way on this system");

    internal static string Printable(string path) => EntryPath.ToText(System.Text.Encoding.UTF8.GetBytes(path));

    private static FileError Classify(Exception cause) => cause switch
    {
        FileNotFoundException or DirectoryNotFoundException => FileError.NotFound,
        UnauthorizedAccessException => FileError.AccessDenied,
        PathTooLongException => FileError.NameTooLong,
        NotSupportedException => FileError.NotSupported,
        ArgumentException => FileError.NotSupported,
        _ => (cause.HResult & FacilityMask) == WindowsFacility ? ClassifyWindows(cause.HResult & ~FacilityMask) : ClassifyUnix(cause.HResult),
    };

    /// <summary>Codes of <c>winerror.h</c>.</summary>
    private static FileError ClassifyWindows(int code) => code switch
    {
        80 or 183 => FileError.Exists,
        112 or 39 => FileError.NoSpace,
        145 => FileError.DirectoryNotEmpty,
        4 => FileError.TooManyOpenFiles,
        267 => FileError.NotADirectory,
        206 => FileError.NameTooLong,
        50 => FileError.NotSupported,
        _ => FileError.Other,
    };

    /// <summary>Codes of <c>errno.h</c>, which the base class library hands on as they are; those above 34 differ between Linux and the BSDs.</summary>
    private static FileError ClassifyUnix(int code) => code switch
    {
        17 => FileError.Exists,
        20 => FileError.NotADirectory,
        21 => FileError.IsADirectory,
        23 or 24 => FileError.TooManyOpenFiles,
        28 => FileError.NoSpace,
        _ when code == (OperatingSystem.IsLinux() ? 39 : 66) => FileError.DirectoryNotEmpty,
        _ when code == (OperatingSystem.IsLinux() ? 40 : 62) => FileError.IsALink,
        _ when code == (OperatingSystem.IsLinux() ? 122 : 69) => FileError.NoSpace,
        _ => FileError.Other,
    };
}
