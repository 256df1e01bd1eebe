using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Freezer.Formats.RbdDiff;

/// <summary>Writes an <c>rbd diff v1</c> stream into a buffer, without I/O of its own: the caller flushes.</summary>
/// <remarks>Extents are written in ascending order, within the size, and each with all of its content before the next call.</remarks>
internal sealed class RbdDiffWriter(IBufferWriter<byte> destination)
{
    // Content is copied in slices of this length, so that a pipe need not find one piece of memory for all of it.
    private const int ContentSlice = 64 << 10;

    private long _size = -1;
    private long _extentEnd;
    private long _contentRemaining;

    /// <summary>How many bytes were written so far: after <see cref="WriteDataHeader"/>, where the content begins.</summary>
    internal long Position { get; private set; }

    /// <summary>Writes what stands before the first extent. Called once, first.</summary>
    internal void WriteHeader(RbdDiffHeader header)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(header.Size);
        destination.Write(RbdDiffFormat.Magic);
        Position += RbdDiffFormat.Magic.Length;
        WriteName(RbdDiffFormat.FromSnapshot, header.FromSnapshot);
        WriteName(RbdDiffFormat.ToSnapshot, header.ToSnapshot);

        Span<byte> record = stackalloc byte[RbdDiffFormat.SizeRecordLength];
        record[0] = RbdDiffFormat.Size;
        BinaryPrimitives.WriteInt64LittleEndian(record[RbdDiffFormat.TagLength..], header.Size);
        Write(record);
        _size = header.Size;
    }

    /// <summary>Writes the header of an extent; all of its content must follow.</summary>
    internal void WriteDataHeader(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, RbdDiffFormat.LargestData);
        WriteExtent(RbdDiffFormat.Data, offset, length);
        _contentRemaining = length;
    }

    /// <summary>Writes content of the extent whose header was written last.</summary>
    internal void WriteContent(ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(content.Length, _contentRemaining, nameof(content));
        _contentRemaining -= content.Length;
        Position += content.Length;
        while (!content.IsEmpty)
        {
            ReadOnlySpan<byte> slice = content[..Math.Min(content.Length, ContentSlice)];
            slice.CopyTo(destination.GetSpan(slice.Length));
            destination.Advance(slice.Length);
            content = content[slice.Length..];
        }
    }

    /// <summary>Writes an extent that is zero now.</summary>
    internal void WriteZero(long offset, long length) => WriteExtent(RbdDiffFormat.Zero, offset, length);

    /// <summary>Ends the stream. Nothing may be written after it.</summary>
    internal void WriteEnd()
    {
        EnsureBetweenRecords();
        Write([RbdDiffFormat.End]);
        _size = -1;
    }

    private void WriteExtent(byte tag, long offset, long length)
    {
        EnsureBetweenRecords();
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, _extentEnd);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _size - offset);

        Span<byte> record = stackalloc byte[RbdDiffFormat.ExtentHeaderLength];
        record[0] = tag;
        BinaryPrimitives.WriteInt64LittleEndian(record[RbdDiffFormat.TagLength..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(record[(RbdDiffFormat.TagLength + sizeof(long))..], length);
        Write(record);
        _extentEnd = offset + length;
    }

    private void WriteName(byte tag, string? name)
    {
        if (name is null)
        {
            return;
        }

        int length = Encoding.UTF8.GetByteCount(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, RbdDiffFormat.LongestName, nameof(name));
        Span<byte> record = destination.GetSpan(RbdDiffFormat.NameHeaderLength + length);
        record[0] = tag;
        BinaryPrimitives.WriteInt32LittleEndian(record[RbdDiffFormat.TagLength..], length);
        Encoding.UTF8.GetBytes(name, record[RbdDiffFormat.NameHeaderLength..]);
        destination.Advance(RbdDiffFormat.NameHeaderLength + length);
        Position += RbdDiffFormat.NameHeaderLength + length;
    }

    private void Write(ReadOnlySpan<byte> record)
    {
        destination.Write(record);
        Position += record.Length;
    }

    private void EnsureBetweenRecords()
    {
        if (_size < 0 || _contentRemaining > 0)
        {
            throw new InvalidOperationException("A record is written behind the header, before the end, and behind all of the content of the extent before.");
        }
    }
}
