using System.Buffers;

namespace Freezer.Formats.Tar;

/// <summary>Writes the members of a PAX archive into a buffer, without I/O of its own: the caller flushes, and writes the content between the calls.</summary>
internal sealed class TarWriter(IBufferWriter<byte> destination)
{
    /// <summary>How many bytes were written so far: the offset of the next header, once content is padded.</summary>
    internal long Position { get; private set; }

    /// <summary>Writes a member's headers, and the map of a sparse file. <see cref="TarEntry.StoredSize"/> bytes of content must follow.</summary>
    internal void WriteHeader(TarEntry entry) => throw new NotImplementedException($"{destination} {entry}");

    /// <summary>Counts content that the caller wrote to the destination itself.</summary>
    internal void AddContent(long length) => Position += length;

    /// <summary>Fills the last block of a content of this length with zeros.</summary>
    internal void WritePadding(long contentLength) => throw new NotImplementedException();

    /// <summary>Writes the two zero blocks that end an archive.</summary>
    internal void WriteEnd() => throw new NotImplementedException();
}
