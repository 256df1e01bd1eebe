using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Restore;

/// <summary>The listing of a directory, ready to be asked for names. The archive need not have sorted it.</summary>
internal sealed class DumpListing
{
    private readonly byte[] _bytes;
    private readonly List<(int Offset, int Length, byte Code)> _names = [];
    private readonly List<(byte Code, EntryPath Path)> _renames = [];

    /// <exception cref="TarFormatException">The listing is malformed.</exception>
    internal DumpListing(byte[] bytes)
    {
        _bytes = bytes;
        ReadOnlySpan<byte> rest = bytes;
        int offset = 1;
        while (DumpDirectory.TryRead(ref rest, out byte code, out ReadOnlySpan<byte> name))
        {
            if (DumpDirectory.IsListed(code))
            {
                _names.Add((offset, name.Length, code));
            }
            else
            {
                _renames.Add((code, new EntryPath(bytes.AsMemory(offset, name.Length))));
            }

            offset = bytes.Length - rest.Length + 1;
        }

        _names.Sort((left, right) => Name(left).SequenceCompareTo(Name(right)));
    }

    /// <summary>The records of renames in their order, with paths as they stand in the archive.</summary>
    internal IReadOnlyList<(byte Code, EntryPath Path)> Renames => _renames;

    /// <summary>What the listing says of a name; 0 where it does not have it.</summary>
    internal byte Find(ReadOnlySpan<byte> name)
    {
        int low = 0;
        int high = _names.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = name.SequenceCompareTo(Name(_names[middle]));
            if (order == 0)
            {
                return _names[middle].Code;
            }

            (low, high) = order < 0 ? (low, middle - 1) : (middle + 1, high);
        }

        return 0;
    }

    private ReadOnlySpan<byte> Name((int Offset, int Length, byte Code) entry) => _bytes.AsSpan(entry.Offset, entry.Length);
}
