using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>A member of a tar archive without its content. Names are bytes, as file systems have them.</summary>
internal sealed class TarEntry
{
    internal TarEntryType Type { get; set; } = TarEntryType.RegularFile;

    /// <summary>The member's name as stored, for example <c>./dir/file</c>; a directory's ends with a slash.</summary>
    internal byte[] Path { get; set; } = [];

    /// <summary>The target of a symbolic link as stored, or the member name that a hard link names.</summary>
    internal byte[] LinkTarget { get; set; } = [];

    /// <summary>12 permission bits.</summary>
    internal int Mode { get; set; }
    internal long UserId { get; set; }
    internal long GroupId { get; set; }
    internal byte[] UserName { get; set; } = [];
    internal byte[] GroupName { get; set; } = [];

    /// <summary>Length in bytes of a regular file with its holes; 0 for everything else.</summary>
    internal long Size { get; set; }
    internal UnixTime Modified { get; set; }
    internal UnixTime? Accessed { get; set; }
    internal uint DeviceMajor { get; set; }
    internal uint DeviceMinor { get; set; }

    /// <summary>Where a sparse file has data, ascending; <see langword="null"/> for a file without holes.</summary>
    internal IReadOnlyList<SparseExtent>? Extents { get; set; }

    /// <summary>Extended attributes, in the archive's order: the last of several with one name counts.</summary>
    internal IReadOnlyList<FileAttribute> Attributes { get; set; } = [];

    /// <summary>The listing of a directory in an incremental archive (see <see cref="DumpDirectory"/>), or <see langword="null"/>.</summary>
    internal byte[]? DumpDirectory { get; set; }

    /// <summary>How many bytes of content follow the header: the data of a regular file, without holes and without padding.</summary>
    internal long StoredSize
    {
        get
        {
            if (Type != TarEntryType.RegularFile || Extents is null)
            {
                return Type == TarEntryType.RegularFile ? Size : 0;
            }

            long stored = 0;
            for (int i = 0; i < Extents.Count; i++)
            {
                stored += Extents[i].Length;
            }

            return stored;
        }
    }
}
