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

    /// <summary>Writes one entry; entries must come in the order of their names' unsigned bytes.</summary>
    internal static void Append(IBufferWriter<byte> destination, byte code, ReadOnlySpan<byte> name) => throw new NotImplementedException();

    /// <summary>Writes the NUL that ends a listing.</summary>
    internal static void End(IBufferWriter<byte> destination) => throw new NotImplementedException();

    /// <summary>Reads the next entry and moves <paramref name="listing"/> behind it. False at the end of the listing.</summary>
    /// <exception cref="TarFormatException">The listing is malformed.</exception>
    internal static bool TryRead(ref ReadOnlySpan<byte> listing, out byte code, out ReadOnlySpan<byte> name) => throw new NotImplementedException();
}
