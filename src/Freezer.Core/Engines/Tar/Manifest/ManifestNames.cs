namespace Freezer.Engines.Tar.Manifest;

/// <summary>The rules for names and paths in a manifest.</summary>
internal static class ManifestNames
{
    /// <summary>Whether this is the name of something in a directory: one component, and not one that leads elsewhere.</summary>
    internal static bool IsName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && name.IndexOfAny((byte)'/', (byte)0) < 0 && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    /// <summary>Whether this is the root (empty) or names joined by slashes.</summary>
    internal static bool IsPath(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return true;
        }

        foreach (Range component in path.Split((byte)'/'))
        {
            if (!IsName(path[component]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Compares two non-directories by where they stand in an archive: by their directories, then by their names.</summary>
    internal static int CompareInArchive(EntryPath left, EntryPath right)
    {
        int byDirectory = left.Parent.CompareTo(right.Parent);
        return byDirectory != 0 ? byDirectory : left.Name.Span.SequenceCompareTo(right.Name.Span);
    }
}
