using System.Text;
using System.Text.Unicode;
using Freezer.Dataflow;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Manifest;

/// <summary>Writes and reads records (see <see cref="TarManifestFormat"/>).</summary>
internal static class TarManifestRecordCodec
{
    private const TarManifestFlags KnownFlags = TarManifestFlags.Stale | TarManifestFlags.Racy | TarManifestFlags.MultiplyLinked
        | TarManifestFlags.Sparse | TarManifestFlags.LaterName | TarManifestFlags.Skipped;

    private const TarManifestFlags BriefFlags = TarManifestFlags.Stale | TarManifestFlags.Skipped;

    /// <summary>Writes the record of a directory itself, which opens its block.</summary>
    internal static void WriteOwn(ManifestBuffer buffer, in TarManifestRecord record)
    {
        WriteStart(buffer, record);
        WriteRest(buffer, record);
    }

    /// <summary>Writes the record of an entry.</summary>
    internal static void WriteEntry(ManifestBuffer buffer, in TarManifestRecord record)
    {
        WriteStart(buffer, record);
        if (!IsBrief(record))
        {
            WriteRest(buffer, record);
        }
    }

    internal static TarManifestRecord ReadOwn(ref ManifestCursor cursor)
    {
        TarManifestRecord record = ReadStart(ref cursor);
        if (record.Kind != FileKind.Directory || !record.IsStored)
        {
            throw cursor.Malformed("the record of a directory is that of something else");
        }

        ReadRest(ref cursor, ref record);
        return record;
    }

    internal static TarManifestRecord ReadEntry(ref ManifestCursor cursor)
    {
        TarManifestRecord record = ReadStart(ref cursor);
        if (!IsBrief(record))
        {
            ReadRest(ref cursor, ref record);
        }
        else if ((record.Flags & ~BriefFlags) != 0)
        {
            throw cursor.Malformed("a brief record has flags of a full one");
        }

        return record;
    }

    private static bool IsBrief(in TarManifestRecord record) => record.Kind == FileKind.Directory || !record.IsStored;

    private static void WriteStart(ManifestBuffer buffer, in TarManifestRecord record)
    {
        buffer.WriteByte((byte)record.Kind);
        buffer.WriteVarint((ulong)record.Flags);
        if (record.IsSkipped)
        {
            buffer.WriteByte((byte)record.SkipKind);
            Span<byte> reason = stackalloc byte[TarManifestFormat.LongestReason];
            Utf8.FromUtf16(record.SkipReason, reason, out _, out int length);
            buffer.WriteBytes(reason[..length]);
        }
    }

    private static TarManifestRecord ReadStart(ref ManifestCursor cursor)
    {
        byte kind = cursor.ReadByte();
        ulong flags = cursor.ReadVarint();
        if ((flags & ~(ulong)KnownFlags) != 0)
        {
            throw cursor.Malformed("a record has an unknown flag");
        }

        var record = new TarManifestRecord { Kind = (FileKind)kind, Flags = (TarManifestFlags)flags };
        if (kind >= (byte)FileKind.Socket || (kind == (byte)FileKind.Unknown && record.IsStored))
        {
            throw cursor.Malformed($"an entry has the unknown kind {kind}");
        }

        if (record.IsSkipped)
        {
            record.SkipKind = (SkipKind)cursor.ReadByte();
            if (record.SkipKind > SkipKind.Refused)
            {
                throw cursor.Malformed("a skip has an unknown kind");
            }

            record.SkipReason = Encoding.UTF8.GetString(cursor.ReadBytes("the reason of a skip", TarManifestFormat.LongestReason).Span);
        }

        return record;
    }

    private static void WriteRest(ManifestBuffer buffer, in TarManifestRecord record)
    {
        buffer.WriteVarint((ulong)record.Mode);
        buffer.WriteVarint(record.UserId);
        buffer.WriteVarint(record.GroupId);
        buffer.WriteBytes(record.UserName.Span);
        buffer.WriteBytes(record.GroupName.Span);
        buffer.WriteTime(record.Modified);
        buffer.WriteTime(record.Changed);
        buffer.WriteVarint(record.Device);
        buffer.WriteVarint(record.Inode);
        if (record.IsMultiplyLinked)
        {
            buffer.WriteVarint(record.LinkCount);
        }

        if (record.IsLaterName)
        {
            buffer.WriteBytes(record.FirstName.Bytes.Span);
        }

        buffer.WriteVarint((ulong)record.Attributes.Count);
        for (int i = 0; i < record.Attributes.Count; i++)
        {
            buffer.WriteBytes(record.Attributes[i].Name);
            buffer.WriteBytes(record.Attributes[i].Value);
        }

        switch (record.Kind)
        {
            case FileKind.Regular:
                WriteContent(buffer, record);
                break;
            case FileKind.SymbolicLink:
                buffer.WriteBytes(record.LinkTarget.Span);
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                buffer.WriteVarint(record.DeviceMajor);
                buffer.WriteVarint(record.DeviceMinor);
                break;
        }
    }

    private static void ReadRest(ref ManifestCursor cursor, ref TarManifestRecord record)
    {
        if (record.Kind == FileKind.Directory && (record.Flags & (TarManifestFlags.MultiplyLinked | TarManifestFlags.LaterName)) != 0)
        {
            throw cursor.Malformed("a directory has the flags of a hard link");
        }

        record.Mode = (int)cursor.ReadNumber("a mode", TarManifestFormat.MostMode);
        record.UserId = (uint)cursor.ReadNumber("a user id", uint.MaxValue);
        record.GroupId = (uint)cursor.ReadNumber("a group id", uint.MaxValue);
        record.UserName = cursor.ReadBytes("the length of a user name", TarManifestFormat.LongestLabel);
        record.GroupName = cursor.ReadBytes("the length of a group name", TarManifestFormat.LongestLabel);
        record.Modified = cursor.ReadTime();
        record.Changed = cursor.ReadTime();
        record.Device = cursor.ReadVarint();
        record.Inode = cursor.ReadVarint();
        if (record.IsMultiplyLinked)
        {
            record.LinkCount = (uint)cursor.ReadNumber("a link count", uint.MaxValue);
        }

        if (record.IsLaterName)
        {
            record.FirstName = new EntryPath(cursor.ReadBytes("the length of a first name", TarManifestFormat.LongestPath));
            if (record.FirstName.IsRoot || !ManifestNames.IsPath(record.FirstName.Bytes.Span))
            {
                throw cursor.Malformed("the first name of a hard link is not a path below the root");
            }
        }

        record.Attributes = ReadAttributes(ref cursor);
        if (record.Kind != FileKind.Regular && (record.Flags & TarManifestFlags.Sparse) != 0)
        {
            throw cursor.Malformed("something other than a regular file is sparse");
        }

        switch (record.Kind)
        {
            case FileKind.Regular:
                ReadContent(ref cursor, ref record);
                break;
            case FileKind.SymbolicLink:
                record.LinkTarget = cursor.ReadBytes("the length of a link's target", TarManifestFormat.LongestPath);
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                record.DeviceMajor = (uint)cursor.ReadNumber("a major device number", uint.MaxValue);
                record.DeviceMinor = (uint)cursor.ReadNumber("a minor device number", uint.MaxValue);
                break;
        }
    }

    private static FileAttribute[] ReadAttributes(ref ManifestCursor cursor)
    {
        int count = cursor.ReadCount("the number of attributes", int.MaxValue, leastLength: 2);
        if (count == 0)
        {
            return [];
        }

        var attributes = new FileAttribute[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlyMemory<byte> name = cursor.ReadBytes("the length of an attribute's name", TarManifestFormat.LongestLabel);
            if (name.IsEmpty || name.Span.Contains((byte)0))
            {
                throw cursor.Malformed("the name of an attribute is empty or holds a NUL");
            }

            attributes[i] = new FileAttribute(name.ToArray(), cursor.ReadBytes("the length of an attribute", TarManifestFormat.LongestAttributeValue).ToArray());
        }

        return attributes;
    }

    private static void WriteContent(ManifestBuffer buffer, in TarManifestRecord record)
    {
        buffer.WriteVarint((ulong)record.Size);
        Sha256Digest digest = record.Digest;
        buffer.WriteFixed(digest);
        Span<byte> backupId = stackalloc byte[TarManifestFormat.BackupIdLength];
        record.Content.BackupId.TryWriteBytes(backupId, bigEndian: true, out _);
        buffer.WriteFixed(backupId);
        buffer.WriteVarint((ulong)record.Content.Offset);
        if (record.Extents is not { } extents)
        {
            return;
        }

        buffer.WriteVarint((ulong)extents.Count);
        long end = 0;
        for (int i = 0; i < extents.Count; i++)
        {
            buffer.WriteVarint((ulong)(extents[i].Offset - end));
            buffer.WriteVarint((ulong)extents[i].Length);
            end = extents[i].End;
        }
    }

    private static void ReadContent(ref ManifestCursor cursor, ref TarManifestRecord record)
    {
        record.Size = cursor.ReadNumber("the size of a file", long.MaxValue);
        record.Digest = Sha256Digest.From(cursor.ReadFixed(Sha256Digest.Size).Span);
        var backupId = new Guid(cursor.ReadFixed(TarManifestFormat.BackupIdLength).Span, bigEndian: true);
        record.Content = new ContentLocation(backupId, cursor.ReadNumber("an offset in an archive", long.MaxValue));
        if ((record.Flags & TarManifestFlags.Sparse) == 0)
        {
            return;
        }

        var extents = new SparseExtent[cursor.ReadCount("the number of extents", TarManifestFormat.MostExtents, leastLength: 2)];
        long end = 0;
        for (int i = 0; i < extents.Length; i++)
        {
            long offset = end + cursor.ReadNumber("the gap before an extent", record.Size - end);
            long length = cursor.ReadNumber("the length of an extent", record.Size - offset);
            extents[i] = new SparseExtent(offset, length);
            end = extents[i].End;
        }

        record.Extents = extents;
    }
}
