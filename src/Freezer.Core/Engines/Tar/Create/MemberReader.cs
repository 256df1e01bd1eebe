using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Reads whatever is no directory and no large file, and makes the whole member of it. One thread at a time.</summary>
internal sealed class MemberReader(RecordMaker records)
{
    /// <summary>The largest file that is held in memory as a whole.</summary>
    internal const int LargestSmall = 256 << 10;

    /// <summary>How often a file that shrinks is read again.</summary>
    private const int MostAttempts = 3;

    private readonly TarEntry _entry = new();

    /// <summary>Reads an entry and appends its member to the buffer. What fails with a <see cref="FileSystemException"/> leaves the buffer as it was.</summary>
    internal void Read(DirectoryPlan plan, ReadOnlySpan<byte> name, in FileStatus listed, MemberBuffer buffer, ref ReadResult result)
    {
        int start = buffer.Length;
        result = new ReadResult { Offset = start };
        byte[] member = MemberName.Of(plan.Path, name);
        result.Path = MemberName.ToPath(member);
        _entry.Path = member;
        try
        {
            if (listed.Kind == FileKind.Regular)
            {
                ReadFile(plan, name, buffer, ref result);
            }
            else
            {
                ReadNode(plan, name, listed, buffer, ref result);
            }

            result.Length = buffer.Length - start;
        }
        catch (FileSystemException error)
        {
            buffer.CutTo(start);
            result.Error = error;
        }
    }

    private void ReadNode(DirectoryPlan plan, ReadOnlySpan<byte> name, in FileStatus listed, MemberBuffer buffer, ref ReadResult result)
    {
        SourceDirectory directory = plan.Source!;
        TarManifestRecord record = records.Make(listed, plan.ReadAt);
        if (listed.Kind == FileKind.SymbolicLink)
        {
            record.LinkTarget = directory.ReadLink(name);
        }

        try
        {
            record.Attributes = directory.ReadAttributes(name);
        }
        catch (FileSystemException error) when (error.Error != FileError.NotFound)
        {
            result.AttributesError = error;
        }

        records.Fill(_entry, record);
        new TarWriter(buffer).WriteHeader(_entry);
        result.Record = record;
    }

    private void ReadFile(DirectoryPlan plan, ReadOnlySpan<byte> name, MemberBuffer buffer, ref ReadResult result)
    {
        using SourceFile file = plan.Source!.OpenFile(name);
        FileStatus status = file.Status;
        for (int attempt = 0; attempt < MostAttempts && status.Size <= LargestSmall; attempt++)
        {
            TarManifestRecord record = records.Make(status, plan.ReadAt);
            try
            {
                record.Attributes = file.ReadAttributes();
            }
            catch (FileSystemException error)
            {
                result.AttributesError = error;
            }

            if (FileExtents.Find(file, status) is { } extents)
            {
                record.Flags |= TarManifestFlags.Sparse;
                record.Extents = extents;
            }

            int start = buffer.Length;
            records.Fill(_entry, record);
            var writer = new TarWriter(buffer);
            writer.WriteHeader(_entry);
            int storedSize = (int)_entry.StoredSize;
            Span<byte> content = buffer.GetSpan(storedSize)[..storedSize];
            bool isWhole = TryReadContent(file, record, content);
            FileStatus after = file.StatAgain();
            if (isWhole)
            {
                record.Digest = Sha256Digest.Of(content);
                buffer.Advance(storedSize);
                writer.AddContent(storedSize);
                writer.WritePadding(storedSize);
                result.StoredSize = storedSize;
                result.HasChanged = ChangeRule.HasChanged(status, after);
                record.Flags |= result.HasChanged ? TarManifestFlags.Racy : TarManifestFlags.None;
                result.Record = record;
                return;
            }

            // It has shrunk: nothing of it is in the archive yet, so it is read once more as it is now.
            buffer.CutTo(start);
            status = after;
        }

        result.IsLarge = true;
    }

    private static bool TryReadContent(SourceFile file, in TarManifestRecord record, Span<byte> content)
    {
        if (record.Extents is not { } extents)
        {
            return TryRead(file, content, 0);
        }

        for (int i = 0; i < extents.Count; i++)
        {
            int length = (int)extents[i].Length;
            if (!TryRead(file, content[..length], extents[i].Offset))
            {
                return false;
            }

            content = content[length..];
        }

        return true;
    }

    private static bool TryRead(SourceFile file, Span<byte> content, long offset)
    {
        while (!content.IsEmpty)
        {
            int read = file.ReadAt(content, offset);
            if (read == 0)
            {
                return false;
            }

            content = content[read..];
            offset += read;
        }

        return true;
    }
}
