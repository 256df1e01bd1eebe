namespace Freezer.Formats.Tar;

/// <summary>Reads the map that stands in front of a sparse file's data (version 1.0), block by block.</summary>
/// <param name="most">How many extents there may be.</param>
/// <param name="offset">The entry's place in the archive, for exceptions.</param>
internal sealed class SparseMapReader(long most, long offset)
{
    private const long Unknown = -1;

    private readonly List<SparseExtent> _extents = [];
    private long _count = Unknown;
    private long _start = Unknown;
    private long _number;
    private bool _hasDigits;

    /// <summary>What was read so far, empty extents included.</summary>
    internal List<SparseExtent> Extents => _extents;

    /// <summary>Reads on. True when the map ends in this block; what is behind it there is filling.</summary>
    /// <exception cref="TarFormatException">The map is malformed, or has too many extents.</exception>
    internal bool TryComplete(ReadOnlySpan<byte> block)
    {
        foreach (byte next in block)
        {
            if (next == (byte)'\n' && _hasDigits)
            {
                Take(_number);
                _number = 0;
                _hasDigits = false;
                if (_extents.Count == _count)
                {
                    return true;
                }
            }
            else if (next is >= (byte)'0' and <= (byte)'9' && _number <= (long.MaxValue - 9) / 10)
            {
                _number = (_number * 10) + (next - '0');
                _hasDigits = true;
            }
            else
            {
                throw new TarFormatException("The map of a sparse file holds something that is not a number", offset);
            }
        }

        return false;
    }

    private void Take(long number)
    {
        if (_count == Unknown)
        {
            _count = number <= most ? number
                : throw new TarFormatException($"The map of a sparse file has {number} extents; at most {most} are possible here", offset);
        }
        else if (_start == Unknown)
        {
            _start = number;
        }
        else
        {
            _extents.Add(new SparseExtent(_start, number));
            _start = Unknown;
        }
    }
}
