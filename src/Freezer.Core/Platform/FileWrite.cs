using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform;

/// <summary>Writes to files in pieces of a size that the page cache likes.</summary>
/// <remarks>Linux takes memory for its page cache in blocks as large as the write. Large blocks are seldom at hand, and in a
/// virtual machine they are often not even backed by the host: writing 1 MiB at a time was measured to take four times as long as
/// writing 64 KiB at a time.</remarks>
internal static class FileWrite
{
    /// <summary>How many bytes one call writes at most.</summary>
    internal const int PieceSize = 64 << 10;

    /// <summary>Writes all of a span.</summary>
    internal static void InPieces(SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        while (!content.IsEmpty)
        {
            int length = Math.Min(content.Length, PieceSize);
            RandomAccess.Write(file, content[..length], offset);
            content = content[length..];
            offset += length;
        }
    }
}
