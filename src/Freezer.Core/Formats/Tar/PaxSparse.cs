namespace Freezer.Formats.Tar;

/// <summary>What the records of an extended header say about a file with holes, in any of the three versions.</summary>
internal sealed class PaxSparse
{
    private List<SparseExtent>? _extents;
    private long? _major;
    private long? _minor;
    private long? _count;
    private long? _start;

    /// <summary>The file's true name; the header's is made up.</summary>
    internal byte[]? Name { get; private set; }

    /// <summary>The file's length with its holes.</summary>
    internal long? Size { get; private set; }

    /// <summary>Whether the map stands in the member's body (version 1.0) and not in the records.</summary>
    internal bool MapIsInBody => _major == 1;

    /// <summary>Takes one record whose keyword begins with <see cref="PaxKeyword.Sparse"/>.</summary>
    /// <exception cref="TarFormatException">The value is malformed, or there are too many extents.</exception>
    internal void Take(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, TarReaderOptions limits, long offset)
    {
        if (keyword.SequenceEqual(PaxKeyword.SparseName))
        {
            Name = PaxValue.ReadName(value, limits.LongestPath, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseRealSize) || keyword.SequenceEqual(PaxKeyword.SparseSize))
        {
            Size = PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseMajor))
        {
            _major = PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseMinor))
        {
            _minor = PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseBlockCount))
        {
            _count = PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseOffset))
        {
            _start = _start is null ? PaxValue.ReadNumber(keyword, value, offset)
                : throw new TarFormatException("A sparse file has an extent without a length", offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseLength))
        {
            Add(_start ?? throw new TarFormatException("A sparse file has an extent without an offset", offset),
                PaxValue.ReadNumber(keyword, value, offset), limits.MostExtents, offset);
            _start = null;
        }
        else if (keyword.SequenceEqual(PaxKeyword.SparseList))
        {
            TakeList(value, limits.MostExtents, offset);
        }
        else
        {
            throw new TarFormatException("A sparse file is described in an unknown way", offset);
        }
    }

    /// <summary>Returns the extents of a map that was in the records, once all of those were taken.</summary>
    /// <exception cref="TarFormatException">The records are not a whole description of a sparse file.</exception>
    internal List<SparseExtent> GetExtents(long offset)
    {
        List<SparseExtent> extents = _extents ?? [];
        bool isComplete = MapIsInBody
            ? _minor == 0 && _extents is null && _start is null && _count is null
            : _major is null or 0 && _start is null && _count == extents.Count;
        return isComplete && Size is not null ? extents
            : throw new TarFormatException("The description of a sparse file is incomplete, or of an unknown version", offset);
    }

    private void TakeList(ReadOnlySpan<byte> list, int most, long offset)
    {
        _extents = null;
        long? start = null;
        while (!list.IsEmpty)
        {
            int comma = list.IndexOf((byte)',');
            long number = PaxValue.ReadNumber(PaxKeyword.SparseList, comma < 0 ? list : list[..comma], offset);
            list = comma < 0 ? [] : list[(comma + 1)..];
            if (start is not { } from)
            {
                start = number;
                continue;
            }

            Add(from, number, most, offset);
            start = null;
        }

        if (start is not null)
        {
            throw new TarFormatException("A sparse file has an extent without a length", offset);
        }
    }

    private void Add(long start, long length, int most, long offset)
    {
        _extents ??= [];
        if (_extents.Count == most)
        {
            throw new TarFormatException($"A sparse file has more than {most} extents", offset);
        }

        _extents.Add(new SparseExtent(start, length));
    }
}
