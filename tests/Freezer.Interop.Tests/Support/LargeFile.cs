using System.Buffers.Binary;

namespace Freezer.Interop.Tests;

/// <summary>Writes a file that is long, and no part of which is like another one.</summary>
internal static class LargeFile
{
    private const int Piece = 1 << 20;

    internal static void Write(string path, long length)
    {
        byte[] piece = new byte[Piece];
        new Random(1).NextBytes(piece);
        using FileStream file = File.Create(path, bufferSize: 0);
        for (long offset = 0; offset < length; offset += Piece)
        {
            for (int i = 0; i < Piece; i += 4096)
            {
                BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(i), offset + i);
            }

            file.Write(piece.AsSpan(0, (int)Math.Min(Piece, length - offset)));
        }
    }
}
