namespace Freezer.Formats.Tar;

/// <summary>Names for headers whose own name does not count: readers that know no extended headers extract them as files.</summary>
internal static class TarMadeUpName
{
    /// <summary>Writes <c>dir/DIRECTORY/base</c> for the path <c>dir/base</c>, cut where the field ends.</summary>
    internal static void Write(Span<byte> field, ReadOnlySpan<byte> path, ReadOnlySpan<byte> directory)
    {
        path = path.TrimEnd((byte)'/');
        int slash = path.LastIndexOf((byte)'/');
        Append(ref field, slash <= 0 ? "."u8 : path[..slash]);
        Append(ref field, "/"u8);
        Append(ref field, directory);
        Append(ref field, "/"u8);
        Append(ref field, path[(slash + 1)..]);
    }

    private static void Append(ref Span<byte> field, ReadOnlySpan<byte> text)
    {
        int length = Math.Min(field.Length, text.Length);
        text[..length].CopyTo(field);
        field = field[length..];
    }
}
