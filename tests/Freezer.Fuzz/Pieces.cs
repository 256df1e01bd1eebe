using System.Buffers;

namespace Freezer.Fuzz;

/// <summary>Bytes in pieces, as a pipe holds them.</summary>
internal static class Pieces
{
    internal static ReadOnlySequence<byte> Of(byte[] bytes, int length)
    {
        var first = new Piece(bytes.AsMemory(0, Math.Min(length, bytes.Length)), 0);
        Piece last = first;
        for (int offset = length; offset < bytes.Length; offset += length)
        {
            last = last.Append(bytes.AsMemory(offset, Math.Min(length, bytes.Length - offset)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        internal Piece(ReadOnlyMemory<byte> bytes, long index)
        {
            Memory = bytes;
            RunningIndex = index;
        }

        internal Piece Append(ReadOnlyMemory<byte> bytes)
        {
            var next = new Piece(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
