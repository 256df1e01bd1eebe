using System.Text;
using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>What the blocks in front of a member say about it: extended headers, and GNU's long names.</summary>
/// <remarks>The last of several records with the same keyword counts. A record of an id, an owner's name or a time that has no
/// value takes back the one before it, and the header's own field counts.</remarks>
internal sealed class PaxHeader
{
    private List<FileAttribute>? _attributes;

    internal byte[]? Path { get; private set; }
    internal byte[]? LinkTarget { get; private set; }
    internal long? Size { get; private set; }
    internal long? UserId { get; private set; }
    internal long? GroupId { get; private set; }
    internal byte[]? UserName { get; private set; }
    internal byte[]? GroupName { get; private set; }
    internal UnixTime? Modified { get; private set; }
    internal UnixTime? Accessed { get; private set; }
    internal long? DeviceMajor { get; private set; }
    internal long? DeviceMinor { get; private set; }
    
    /// <summary>A directory's <see cref="DumpDirectory"/>.</summary>
    internal byte[]? Listing { get; private set; }
    internal PaxSparse? Sparse { get; private set; }
    internal IReadOnlyList<FileAttribute> Attributes => _attributes ?? (IReadOnlyList<FileAttribute>)[];

    /// <summary>Takes a GNU long name (type <c>L</c>): the bytes up to the first NUL.</summary>
    internal void TakeLongName(ReadOnlySpan<byte> body, TarReaderOptions limits, long offset) =>
        Path = Once(Path, PaxValue.ReadName(TarField.ReadText(body), limits.LongestPath, offset), offset);

    /// <summary>Takes a GNU long link target (type <c>K</c>).</summary>
    internal void TakeLongLink(ReadOnlySpan<byte> body, TarReaderOptions limits, long offset) =>
        LinkTarget = Once(LinkTarget, PaxValue.ReadName(TarField.ReadText(body), limits.LongestPath, offset), offset);

    /// <summary>Takes the records of the extended header of one member (type <c>x</c>).</summary>
    /// <exception cref="TarFormatException">They are malformed, or name the member a second time.</exception>
    internal void Take(ReadOnlySpan<byte> records, TarReaderOptions limits, long offset)
    {
        byte[]? longName = Path;
        byte[]? longLink = LinkTarget;
        Path = LinkTarget = null;
        while (PaxRecord.TryRead(ref records, out ReadOnlySpan<byte> keyword, out ReadOnlySpan<byte> value, offset))
        {
            if (!TakeShared(keyword, value, limits, offset))
            {
                TakeOwn(keyword, value, limits, offset);
            }
        }

        Path = Once(longName, Path, offset);
        LinkTarget = Once(longLink, LinkTarget, offset);
    }

    /// <summary>Takes the records of a global header (type <c>g</c>). What can only be true of one member is refused:
    /// a listing there would make a restore delete what is in other directories.</summary>
    /// <exception cref="TarFormatException">They are malformed, or speak of one member.</exception>
    internal void TakeGlobal(ReadOnlySpan<byte> records, TarReaderOptions limits, long offset)
    {
        while (PaxRecord.TryRead(ref records, out ReadOnlySpan<byte> keyword, out ReadOnlySpan<byte> value, offset))
        {
            if (!TakeShared(keyword, value, limits, offset) && IsAboutOneMember(keyword))
            {
                throw new TarFormatException($"A global header has a record {Encoding.ASCII.GetString(keyword)}, which can only be true of one member", offset);
            }
        }
    }

    // Readers disagree on which of two names counts.
    private static byte[]? Once(byte[]? first, byte[]? second, long offset) =>
        first is null || second is null ? first ?? second
            : throw new TarFormatException("The extended headers of a member name it, or its target, twice", offset);

    private static bool IsAboutOneMember(ReadOnlySpan<byte> keyword) =>
        keyword.SequenceEqual(PaxKeyword.Path)
        || keyword.SequenceEqual(PaxKeyword.LinkPath)
        || keyword.SequenceEqual(PaxKeyword.Size)
        || keyword.SequenceEqual(PaxKeyword.DumpDirectory)
        || keyword.SequenceEqual(PaxKeyword.DeviceMajor)
        || keyword.SequenceEqual(PaxKeyword.DeviceMinor)
        || keyword.StartsWith(PaxKeyword.Sparse)
        || keyword.StartsWith(PaxKeyword.Attribute)
        || keyword.StartsWith(PaxKeyword.AccessControlList);

    /// <summary>The records that may stand in a global header too.</summary>
    private bool TakeShared(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, TarReaderOptions limits, long offset)
    {
        if (keyword.SequenceEqual(PaxKeyword.Modified))
        {
            Modified = value.IsEmpty ? null : PaxValue.ReadTime(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.Accessed))
        {
            Accessed = value.IsEmpty ? null : PaxValue.ReadTime(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.UserId))
        {
            UserId = value.IsEmpty ? null : PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.GroupId))
        {
            GroupId = value.IsEmpty ? null : PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.UserName))
        {
            UserName = value.IsEmpty ? null : PaxValue.ReadName(value, limits.LongestPath, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.GroupName))
        {
            GroupName = value.IsEmpty ? null : PaxValue.ReadName(value, limits.LongestPath, offset);
        }
        else
        {
            return false;
        }

        return true;
    }

    private void TakeOwn(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, TarReaderOptions limits, long offset)
    {
        if (keyword.SequenceEqual(PaxKeyword.Path))
        {
            Path = PaxValue.ReadName(value, limits.LongestPath, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.LinkPath))
        {
            LinkTarget = PaxValue.ReadName(value, limits.LongestPath, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.Size))
        {
            Size = PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.StartsWith(PaxKeyword.Attribute))
        {
            Add(PaxAttributeName.Decode(keyword[PaxKeyword.Attribute.Length..], offset), value, limits, offset);
        }
        else if (keyword.StartsWith(PaxKeyword.AccessControlList))
        {
            // The text of an access list has no name of its own among attributes; whoever restores it turns it into one.
            Add(keyword.ToArray(), value, limits, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.DumpDirectory))
        {
            DumpDirectory.Check(value, offset);
            Listing = value.ToArray();
        }
        else if (keyword.StartsWith(PaxKeyword.Sparse))
        {
            (Sparse ??= new PaxSparse()).Take(keyword, value, limits, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.DeviceMajor))
        {
            DeviceMajor = PaxValue.ReadNumber(keyword, value, offset);
        }
        else if (keyword.SequenceEqual(PaxKeyword.DeviceMinor))
        {
            DeviceMinor = PaxValue.ReadNumber(keyword, value, offset);
        }
    }

    private void Add(byte[] name, ReadOnlySpan<byte> value, TarReaderOptions limits, long offset)
    {
        _attributes ??= [];
        if (_attributes.Count == limits.MostAttributes)
        {
            throw new TarFormatException($"A member has more than {limits.MostAttributes} extended attributes", offset);
        }

        _attributes.Add(new FileAttribute(name, value.ToArray()));
    }
}
