using System.Buffers;
using System.Buffers.Text;

namespace Freezer.Formats.Tar;

/// <summary>What the maps of all sparse formats share, and the text form of version 1.0, which is the one that is written.</summary>
/// <remarks>GNU tar manual, "Storing Sparse Files". The text stands in front of the data: how many extents there are, then
/// the offset and the length of each, every number in decimal and ended by LF, filled with zeros to a whole block.</remarks>
internal static class SparseMap
{
    private const int MostNumberLength = 20;

    /// <summary>The fewest bytes that an extent takes in the text: two digits, each with its line feed.</summary>
    internal const int LeastExtentLength = 4;

    /// <summary>Makes sure that extents ascend, do not overlap, lie within the file and are what is stored; leaves empty ones out.</summary>
    /// <exception cref="TarFormatException">They are not.</exception>
    internal static SparseExtent[] Check(List<SparseExtent> extents, long size, long storedSize, long offset)
    {
        long end = 0;
        long stored = 0;
        int count = 0;
        foreach (SparseExtent extent in extents)
        {
            if (extent.Offset < end || extent.Length < 0 || extent.Offset > size || extent.Length > size - extent.Offset)
            {
                throw new TarFormatException("The extents of a sparse file do not ascend, overlap, or lie outside of the file", offset);
            }

            end = extent.End;
            stored += extent.Length;
            count += extent.Length > 0 ? 1 : 0;
        }

        if (stored != storedSize)
        {
            throw new TarFormatException($"The map of a sparse file has {stored} bytes of data, and {storedSize} are stored", offset);
        }

        var result = new SparseExtent[count];
        int position = 0;
        foreach (SparseExtent extent in extents)
        {
            if (extent.Length > 0)
            {
                result[position++] = extent;
            }
        }

        return result;
    }

    /// <summary>The length of the text form without the zeros that fill its last block.</summary>
    internal static long Measure(IReadOnlyList<SparseExtent> extents, long size)
    {
        long length = MeasureNumber(CountWritten(extents, size));
        for (int i = 0; i < extents.Count; i++)
        {
            length += MeasureNumber(extents[i].Offset) + MeasureNumber(extents[i].Length);
        }

        return HasEndMark(extents, size) ? length + MeasureNumber(size) + MeasureNumber(0) : length;
    }

    /// <summary>Writes the text form without the zeros that fill its last block.</summary>
    internal static void Write(IBufferWriter<byte> destination, IReadOnlyList<SparseExtent> extents, long size)
    {
        WriteNumber(destination, CountWritten(extents, size));
        for (int i = 0; i < extents.Count; i++)
        {
            WriteNumber(destination, extents[i].Offset);
            WriteNumber(destination, extents[i].Length);
        }

        if (HasEndMark(extents, size))
        {
            WriteNumber(destination, size);
            WriteNumber(destination, 0);
        }
    }

    // A hole at the end is told by an empty extent behind it.
    private static bool HasEndMark(IReadOnlyList<SparseExtent> extents, long size) => extents.Count == 0 || extents[^1].End != size;

    private static int CountWritten(IReadOnlyList<SparseExtent> extents, long size) => extents.Count + (HasEndMark(extents, size) ? 1 : 0);

    private static int MeasureNumber(long value)
    {
        int length = 2;
        for (; value >= 10; value /= 10)
        {
            length++;
        }

        return length;
    }

    private static void WriteNumber(IBufferWriter<byte> destination, long value)
    {
        Span<byte> span = destination.GetSpan(MostNumberLength);
        Utf8Formatter.TryFormat(value, span, out int length);
        span[length] = (byte)'\n';
        destination.Advance(length + 1);
    }
}
