using System.Runtime.CompilerServices;

namespace Freezer.Platform.Linux;

/// <summary>Holds one open descriptor and closes it once.</summary>
/// <remarks>A plain number instead of a safe handle: the walk opens hundreds of thousands of files, and every owner disposes.</remarks>
internal struct DescriptorSlot(int descriptor)
{
    private const int Closed = -1;

    private int _descriptor = descriptor;

    /// <exception cref="ObjectDisposedException">It is closed. Its number may by now belong to another file.</exception>
    internal readonly int Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            int descriptor = _descriptor;
            ObjectDisposedException.ThrowIf(descriptor == Closed, typeof(FileTree));
            return descriptor;
        }
    }

    /// <summary>Closes it, unless that was done. Returns what the system said: 0, or the negative error number.</summary>
    internal int Close()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, Closed);
        return descriptor == Closed ? 0 : SystemCalls.Close(descriptor);
    }
}
