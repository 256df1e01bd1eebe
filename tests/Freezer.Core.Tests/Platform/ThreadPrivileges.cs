using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Freezer.Tests.Platform;

/// <summary>Lets root see what other users see: Linux keeps capabilities by thread, so that one thread can do without.</summary>
internal static unsafe partial class ThreadPrivileges
{
    /// <summary><c>_LINUX_CAPABILITY_VERSION_3</c>: two sets of 32 capabilities, each effective, permitted and inheritable.</summary>
    private const uint Version = 0x20080522;
    private const int FirstEffective = 0;
    private const int SecondEffective = 3;

    /// <summary>Runs something in a thread of its own that has no privileges, and throws what it throws.</summary>
    internal static void Without(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Drop();
                action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static void Drop()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        Skip.IfNot(OperatingSystem.IsLinux(), "root may do everything, and only Linux lets a thread do less");
        uint* header = stackalloc uint[] { Version, 0 };
        uint* sets = stackalloc uint[6];
        capget(header, sets).Should().Be(0);
        sets[FirstEffective] = 0;
        sets[SecondEffective] = 0;
        capset(header, sets).Should().Be(0);
    }

    [LibraryImport("libc")]
    private static partial int capget(uint* header, uint* sets);

    [LibraryImport("libc")]
    private static partial int capset(uint* header, uint* sets);
}
