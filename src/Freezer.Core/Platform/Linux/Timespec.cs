using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <summary><c>struct timespec</c> of a 64-bit system.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Timespec(UnixTime time)
{
    private readonly long _seconds = time.Seconds;
    private readonly long _nanoseconds = time.Nanoseconds;
}
