using System.Runtime.InteropServices;

namespace Freezer.Dataflow.Compression;

/// <summary>Frames for those interfaces that take arrays only. Frames of the stored stream are arrays and are not copied.</summary>
internal static class FrameMemory
{
    internal static ArraySegment<byte> AsArraySegment(this ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> segment) ? segment : memory.ToArray();

    internal static MemoryStream OpenRead(this ReadOnlyMemory<byte> memory)
    {
        ArraySegment<byte> segment = memory.AsArraySegment();
        return new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
    }
}
