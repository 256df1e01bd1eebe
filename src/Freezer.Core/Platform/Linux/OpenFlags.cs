using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <summary>Flags of <c>openat</c> (<c>asm-generic/fcntl.h</c>), with the two that arm64 numbers differently.</summary>
internal static class OpenFlags
{
    internal const int ReadOnly = 0;
    internal const int WriteOnly = 0x1;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int NoControllingTerminal = 0x100;
    internal const int NonBlocking = 0x800;
    internal const int NoAccessTime = 0x40000;
    internal const int CloseOnExec = 0x80000;

    /// <summary><c>O_PATH</c>: a descriptor of the name itself, which opens nothing.</summary>
    internal const int PathOnly = 0x200000;

    internal static readonly int Directory = IsArm ? 0x4000 : 0x10000;
    internal static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
}
