using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>Writes the members of a PAX archive into a buffer, without I/O of its own: the caller flushes, and writes the content between the calls.</summary>
/// <remarks>
/// An extended header is written only where a header has no room for something, so that the oldest readers get as much as
/// they can take. Nothing is written of an entry that is refused. Not for several threads.
/// </remarks>
internal sealed class TarWriter(IBufferWriter<byte> destination)
{
    /// <summary>Several readers give up at an extended header of 1 MiB.</summary>
    private const int LongestExtendedHeader = 1_000_000;

    /// <summary>What the records with numbers, times and marks take together at most.</summary>
    private const int LongestPlainRecords = 512;

    private const int EndLength = 2 * TarLayout.BlockLength;
    private const int ExtendedHeaderMode = 0x1A4; // rw-r--r--

    private static ReadOnlySpan<byte> ExtendedHeaderDirectory => "PaxHeaders"u8;
    private static ReadOnlySpan<byte> SparseDirectory => "GNUSparseFile.0"u8;

    /// <summary>How many bytes were written so far: the offset of the next header, once content is padded.</summary>
    internal long Position { get; private set; }

    /// <summary>Writes a member's headers, and the map of a sparse file. <see cref="TarEntry.StoredSize"/> bytes of content must follow.</summary>
    /// <remarks>A directory's name gets its slash. A listing that is too long for an extended header becomes the body of a
    /// directory of GNU's own type.</remarks>
    /// <exception cref="ArgumentException">The entry cannot be a member: it contradicts itself, or has a name or a listing that no reader understands.</exception>
    /// <exception cref="InvalidOperationException">The content before was not padded.</exception>
    internal void WriteHeader(TarEntry entry)
    {
        RequireWholeBlocks();
        TarEntryRules.Check(entry);
        ReadOnlySpan<byte> path = entry.Type == TarEntryType.Directory && entry.Path[^1] != (byte)'/' ? [.. entry.Path, (byte)'/'] : entry.Path;
        long mapLength = entry.Extents is null ? 0 : SparseMap.Measure(entry.Extents, entry.Size);
        long bodyLength = entry.StoredSize + mapLength + TarLayout.Padding(mapLength);
        bool listingIsBody = WriteExtendedHeader(entry, path, bodyLength);
        if (listingIsBody)
        {
            WriteMember(entry, path, TarTypeFlag.DumpDirectory, entry.DumpDirectory!.Length);
            destination.Write(entry.DumpDirectory);
            Position += entry.DumpDirectory.Length;
            WritePadding(entry.DumpDirectory.Length);
            return;
        }

        WriteMember(entry, path, (byte)entry.Type, bodyLength);
        if (entry.Extents is not null)
        {
            SparseMap.Write(destination, entry.Extents, entry.Size);
            Position += mapLength;
            WritePadding(mapLength);
        }
    }

    /// <summary>Counts content that the caller wrote to the destination itself.</summary>
    internal void AddContent(long length) => Position += length;

    /// <summary>Fills the last block of a content of this length with zeros.</summary>
    internal void WritePadding(long contentLength) => WriteZeros(TarLayout.Padding(contentLength));

    /// <summary>Writes the two zero blocks that end an archive.</summary>
    /// <exception cref="InvalidOperationException">The content before was not padded.</exception>
    internal void WriteEnd()
    {
        RequireWholeBlocks();
        WriteZeros(EndLength);
    }

    /// <summary>Writes what the member's header has no room for, if there is anything.</summary>
    /// <returns>Whether the directory's listing was too long and must become its body.</returns>
    private bool WriteExtendedHeader(TarEntry entry, ReadOnlySpan<byte> path, long bodyLength)
    {
        Span<byte> span = destination.GetSpan(TarLayout.BlockLength + MeasureMost(entry, path));
        var records = new PaxRecordWriter(span[TarLayout.BlockLength..]);
        AddNames(ref records, entry, path);
        AddNumbers(ref records, entry, bodyLength);
        for (int i = 0; i < entry.Attributes.Count; i++)
        {
            records.Add(entry.Attributes[i]);
        }

        bool listingIsBody = false;
        if (entry.DumpDirectory is { } listing)
        {
            listingIsBody = listing.Length > LongestExtendedHeader
                || records.Length + PaxRecord.Measure(PaxKeyword.DumpDirectory.Length, listing.Length) > LongestExtendedHeader;
            if (!listingIsBody)
            {
                records.Add(PaxKeyword.DumpDirectory, listing);
            }
        }

        if (records.Length > 0)
        {
            Span<byte> block = span[..TarLayout.BlockLength];
            FillBlock(block, TarTypeFlag.ExtendedHeader, ExtendedHeaderMode, records.Length, entry.Modified.Seconds);
            TarMadeUpName.Write(block.Slice(TarLayout.NameOffset, TarLayout.NameLength), path, ExtendedHeaderDirectory);
            TarChecksum.Write(block);
            int padding = TarLayout.Padding(records.Length);
            span.Slice(TarLayout.BlockLength + records.Length, padding).Clear();
            Advance(TarLayout.BlockLength + records.Length + padding);
        }

        return listingIsBody;
    }

    /// <summary>What the records may take with their padding, so that they can be written in one go.</summary>
    private static int MeasureMost(TarEntry entry, ReadOnlySpan<byte> path)
    {
        long most = LongestPlainRecords + TarLayout.BlockLength
            + path.Length + entry.LinkTarget.Length + entry.UserName.Length + entry.GroupName.Length;
        for (int i = 0; i < entry.Attributes.Count; i++)
        {
            FileAttribute attribute = entry.Attributes[i];
            most += PaxRecord.MostBytes(
                PaxKeyword.Attribute.Length + attribute.Name.Length + PaxAttributeName.MeasureEscapes(attribute.Name), attribute.Value.Length);
        }

        if (entry.DumpDirectory is { Length: <= LongestExtendedHeader } listing)
        {
            most += PaxRecord.MostBytes(PaxKeyword.DumpDirectory.Length, listing.Length);
        }

        return most <= Array.MaxLength - TarLayout.BlockLength ? (int)most
            : throw new ArgumentException("The extended attributes are too large for an extended header.", nameof(entry));
    }

    private static void AddNames(ref PaxRecordWriter records, TarEntry entry, ReadOnlySpan<byte> path)
    {
        bool isSparse = entry.Extents is not null;
        bool needsPath = isSparse || path.Length > TarLayout.NameLength || !Ascii.IsValid(path);
        bool needsTarget = entry.LinkTarget.Length > TarLayout.LinkNameLength || !Ascii.IsValid(entry.LinkTarget);
        bool needsUser = !FitsOwnerField(entry.UserName);
        bool needsGroup = !FitsOwnerField(entry.GroupName);
        if (!(Utf8.IsValid(path) && Utf8.IsValid(entry.LinkTarget) && Utf8.IsValid(entry.UserName) && Utf8.IsValid(entry.GroupName)))
        {
            records.Add(PaxKeyword.HeaderCharset, PaxKeyword.Binary);
        }

        if (isSparse)
        {
            records.Add(PaxKeyword.SparseMajor, 1);
            records.Add(PaxKeyword.SparseMinor, 0);
            records.Add(PaxKeyword.SparseName, path);
            records.Add(PaxKeyword.SparseRealSize, entry.Size);
        }
        else if (needsPath)
        {
            records.Add(PaxKeyword.Path, path);
        }

        if (needsTarget)
        {
            records.Add(PaxKeyword.LinkPath, entry.LinkTarget);
        }

        if (needsUser)
        {
            records.Add(PaxKeyword.UserName, entry.UserName);
        }

        if (needsGroup)
        {
            records.Add(PaxKeyword.GroupName, entry.GroupName);
        }
    }

    private static void AddNumbers(ref PaxRecordWriter records, TarEntry entry, long bodyLength)
    {
        if (entry.UserId > TarLayout.LargestShortNumber)
        {
            records.Add(PaxKeyword.UserId, entry.UserId);
        }

        if (entry.GroupId > TarLayout.LargestShortNumber)
        {
            records.Add(PaxKeyword.GroupId, entry.GroupId);
        }

        if (bodyLength > TarLayout.LargestLongNumber)
        {
            records.Add(PaxKeyword.Size, bodyLength);
        }

        if (entry.Modified.Nanoseconds != 0 || entry.Modified.Seconds is < 0 or > TarLayout.LargestLongNumber)
        {
            records.Add(PaxKeyword.Modified, entry.Modified);
        }

        if (entry.Accessed is { } accessed)
        {
            records.Add(PaxKeyword.Accessed, accessed);
        }

        if (entry.DeviceMajor > TarLayout.LargestShortNumber)
        {
            records.Add(PaxKeyword.DeviceMajor, entry.DeviceMajor);
        }

        if (entry.DeviceMinor > TarLayout.LargestShortNumber)
        {
            records.Add(PaxKeyword.DeviceMinor, entry.DeviceMinor);
        }
    }

    private void WriteMember(TarEntry entry, ReadOnlySpan<byte> path, byte typeFlag, long size)
    {
        Span<byte> block = destination.GetSpan(TarLayout.BlockLength)[..TarLayout.BlockLength];
        FillBlock(block, typeFlag, entry.Mode, size, entry.Modified.Seconds);
        Span<byte> name = block.Slice(TarLayout.NameOffset, TarLayout.NameLength);
        if (entry.Extents is null)
        {
            Cut(path, name.Length).CopyTo(name);
        }
        else
        {
            TarMadeUpName.Write(name, path, SparseDirectory);
        }

        Cut(entry.LinkTarget, TarLayout.LinkNameLength).CopyTo(block[TarLayout.LinkNameOffset..]);
        WriteShort(block, TarLayout.UserIdOffset, entry.UserId);
        WriteShort(block, TarLayout.GroupIdOffset, entry.GroupId);
        WriteShort(block, TarLayout.DeviceMajorOffset, entry.DeviceMajor);
        WriteShort(block, TarLayout.DeviceMinorOffset, entry.DeviceMinor);
        if (FitsOwnerField(entry.UserName))
        {
            entry.UserName.CopyTo(block[TarLayout.UserNameOffset..]);
        }

        if (FitsOwnerField(entry.GroupName))
        {
            entry.GroupName.CopyTo(block[TarLayout.GroupNameOffset..]);
        }

        if (typeFlag == TarTypeFlag.DumpDirectory)
        {
            TarLayout.GnuMagic.CopyTo(block[TarLayout.MagicOffset..]);
        }

        TarChecksum.Write(block);
        Advance(TarLayout.BlockLength);
    }

    /// <summary>Fills a block with what all headers have; the names, the owner and the checksum are missing.</summary>
    private static void FillBlock(Span<byte> block, byte typeFlag, int mode, long size, long modified)
    {
        block.Clear();
        block[TarLayout.TypeFlagOffset] = typeFlag;
        TarLayout.PosixMagic.CopyTo(block[TarLayout.MagicOffset..]);
        WriteShort(block, TarLayout.ModeOffset, mode);
        WriteShort(block, TarLayout.UserIdOffset, 0);
        WriteShort(block, TarLayout.GroupIdOffset, 0);
        WriteShort(block, TarLayout.DeviceMajorOffset, 0);
        WriteShort(block, TarLayout.DeviceMinorOffset, 0);
        WriteLong(block, TarLayout.SizeOffset, size);
        WriteLong(block, TarLayout.ModifiedOffset, modified);
    }

    // A number without room in its field is 0 there, and the extended header has it.
    private static void WriteShort(Span<byte> block, int offset, long value) =>
        TarField.WriteOctal(block.Slice(offset, TarLayout.ShortNumberLength), value <= TarLayout.LargestShortNumber ? value : 0);

    private static void WriteLong(Span<byte> block, int offset, long value) =>
        TarField.WriteOctal(block.Slice(offset, TarLayout.LongNumberLength), value is >= 0 and <= TarLayout.LargestLongNumber ? value : 0);

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> name, int length) => name[..Math.Min(name.Length, length)];

    // POSIX wants a NUL at the end of these two.
    private static bool FitsOwnerField(ReadOnlySpan<byte> name) => name.Length < TarLayout.OwnerNameLength && Ascii.IsValid(name);

    private void WriteZeros(int length)
    {
        destination.GetSpan(length)[..length].Clear();
        Advance(length);
    }

    private void Advance(int length)
    {
        destination.Advance(length);
        Position += length;
    }

    private void RequireWholeBlocks()
    {
        if (TarLayout.Padding(Position) != 0)
        {
            throw new InvalidOperationException("The content of the member before was not padded to whole blocks.");
        }
    }
}
