namespace Freezer.Platform.Linux;

/// <summary>Error numbers of Linux, the same on x64 and arm64 (<c>asm-generic/errno-base.h</c> and <c>errno.h</c>).</summary>
internal static class Errno
{
    internal const int NotPermitted = 1;
    internal const int NoEntry = 2;
    internal const int Interrupted = 4;
    internal const int NoSuchAddress = 6;
    internal const int AccessDenied = 13;
    internal const int Exists = 17;
    internal const int NotADirectory = 20;
    internal const int IsADirectory = 21;
    internal const int InvalidArgument = 22;
    internal const int SystemFileTableFull = 23;
    internal const int ProcessFileTableFull = 24;
    internal const int NoSpace = 28;
    internal const int ReadOnlyFileSystem = 30;
    internal const int OutOfRange = 34;
    internal const int NameTooLong = 36;
    internal const int NoSystemCall = 38;
    internal const int NotEmpty = 39;
    internal const int TooManyLinks = 40;
    internal const int NoData = 61;
    internal const int NotSupported = 95;
    internal const int QuotaExceeded = 122;
}
