using System.Buffers;

namespace Freezer.Formats.Tar;

/// <summary>The listing of a directory in GNU's incremental format: <c>{ code name NUL }* NUL</c>, names sorted by unsigned bytes.</summary>
/// <remarks>GNU tar manual, "Dumpdir". Rename records (<c>R</c>, <c>T</c>, <c>X</c>) are never written, and are given to the reader as they stand.</remarks>
internal static class DumpDirectory
{
    /// <summary>The name is a non-directory that this archive holds.</summary>
    internal const byte Stored = (byte)'Y';

    /// <summary>The name exists, and this archive does not hold it.</summary>
    internal const byte Kept = (byte)'N';

    /// <summary>The name is a directory.</summary>
    internal const byte Directory = (byte)'D';

    /// <summary>A path that is to be renamed to that of the <see cref="RenameTo"/> right behind it. Not a name in the directory.</summary>
    internal const byte RenameFrom = (byte)'R';

    /// <summary>See <see cref="RenameFrom"/>.</summary>
    internal const byte RenameTo = (byte)'T';

    /// <summary>The path of a directory in which a temporary one is made, which an empty path in a rename then means.</summary>
    internal const byte RenameThrough = (byte)'X';

    /// <summary>Whether a code speaks of a name in the directory, and not of a rename somewhere below the root.</summary>
    internal static bool IsListed(byte code) => code is Stored or Kept or Directory;

    /// <summary>Whether a name is a single component: not empty, without a slash or NUL, neither <c>.</c> nor <c>..</c>.</summary>
    internal static bool IsComponent(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && !name.ContainsAny((byte)'/', (byte)0) && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    /// <summary>Writes one entry; entries must come in the order of their names' unsigned bytes.</summary>
    /// <exception cref="ArgumentException">The code is not one of the three that are written, or the name is not a single component.</exception>
    internal static void Append(IBufferWriter<byte> destination, byte code, ReadOnlySpan<byte> name)
    {
        if (!IsListed(code) || !IsComponent(name))
        {
            throw new ArgumentException("A listing has single names with the codes Y, N and D.", nameof(name));
        }

        Span<byte> span = destination.GetSpan(name.Length + 2);
        span[0] = code;
        name.CopyTo(span[1..]);
        span[name.Length + 1] = 0;
        destination.Advance(name.Length + 2);
    }

    /// <summary>Writes the NUL that ends a listing.</summary>
    internal static void End(IBufferWriter<byte> destination)
    {
        destination.GetSpan(1)[0] = 0;
        destination.Advance(1);
    }

    /// <summary>Reads the next entry and moves <paramref name="listing"/> behind it. False at the end of the listing.</summary>
    /// <remarks>The names of <see cref="IsListed"/> codes are single components, in any order; the paths of renames are whatever the archive says.</remarks>
    /// <exception cref="TarFormatException">The listing is malformed. One that a <see cref="TarReader"/> gave never is.</exception>
    internal static bool TryRead(ref ReadOnlySpan<byte> listing, out byte code, out ReadOnlySpan<byte> name) =>
        TryRead(ref listing, out code, out name, TarFormatException.UnknownOffset);

    /// <summary>Reads a listing to its end.</summary>
    /// <exception cref="TarFormatException">The listing is malformed.</exception>
    internal static void Check(ReadOnlySpan<byte> listing, long offset)
    {
        while (TryRead(ref listing, out _, out _, offset))
        {
        }
    }

    /// <summary>Whether a listing is one that may be written: whole, without renames, each name behind the one before it.
    /// GNU tar looks names up by halving, and deletes what it does not find.</summary>
    internal static bool IsWritable(ReadOnlySpan<byte> listing)
    {
        ReadOnlySpan<byte> last = [];
        while (!listing.IsEmpty && listing[0] != 0)
        {
            int end = listing.IndexOf((byte)0);
            if (end < 0 || !IsListed(listing[0]) || !IsComponent(listing[1..end]) || last.SequenceCompareTo(listing[1..end]) >= 0)
            {
                return false;
            }

            last = listing[1..end];
            listing = listing[(end + 1)..];
        }

        return listing.Length == 1;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> listing, out byte code, out ReadOnlySpan<byte> name, long offset)
    {
        int end = listing.IndexOf((byte)0);
        if (end < 0)
        {
            throw new TarFormatException("The listing of a directory has no end", offset);
        }

        code = listing[0];
        name = end == 0 ? [] : listing[1..end];
        listing = listing[(end + 1)..];
        if (end == 0)
        {
            return listing.IsEmpty ? false : throw new TarFormatException("The listing of a directory goes on behind its end", offset);
        }

        bool isValid = IsListed(code) ? IsComponent(name) : code is RenameFrom or RenameTo or RenameThrough;
        return isValid ? true
            : throw new TarFormatException("The listing of a directory has an entry of an unknown kind, or a name that is not a single component", offset);
    }
}
