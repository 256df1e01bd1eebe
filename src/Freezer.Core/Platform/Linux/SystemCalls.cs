using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <summary>The system calls that the library needs, as the C library (glibc or musl) offers them.</summary>
/// <remarks>Every method returns what the call returns, or the negative error number, and starts an interrupted call again.
/// What a C library lacks in a version that .NET runs on is called by its number.</remarks>
internal static unsafe partial class SystemCalls
{
    private const string C = "libc";

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Whether the numbers and layouts here are those of this machine.</summary>
    internal static bool AreKnown =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    private static bool IsInterrupted(long result) => result == -1 && Marshal.GetLastPInvokeError() == Errno.Interrupted;

    private static int Result(int result) => result == -1 ? -Marshal.GetLastPInvokeError() : result;

    private static long Result(long result) => result == -1 ? -Marshal.GetLastPInvokeError() : result;

    /// <summary>Calls by number. Needed for what is not a dynamic symbol everywhere: <c>getdents64</c> is none in musl,
    /// <c>mknodat</c> none in glibc before 2.33, <c>fchmodat2</c> none in most.</summary>
    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint first, nint second, nint third, nint fourth);
}
