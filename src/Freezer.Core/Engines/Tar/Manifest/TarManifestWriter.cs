using System.IO.Pipelines;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Manifest;

/// <summary>Writes a manifest directory by directory. Never completes the destination.</summary>
/// <remarks>The order is the caller's: directories as the archive has them, entries by the unsigned bytes of their names.</remarks>
internal sealed class TarManifestWriter(ManifestWriter destination)
{
    private const int FlushAt = 64 << 10;

    private readonly ManifestBuffer _block = new();
    private TarManifestCounts _counts;
    private int _unflushed;

    /// <summary>What was written so far.</summary>
    internal TarManifestCounts Counts => _counts;

    internal void WriteHeader()
    {
        Span<byte> header = destination.GetSpan(TarManifestFormat.HeaderLength);
        TarManifestFormat.Magic.CopyTo(header);
        header[TarManifestFormat.VersionOffset] = TarManifestFormat.Version;
        header[TarManifestFormat.FlagsOffset] = 0;
        destination.Advance(TarManifestFormat.HeaderLength);
        destination.EndBlock();
    }

    /// <summary>Begins the block of a directory.</summary>
    internal void BeginDirectory(EntryPath path, in TarManifestRecord own)
    {
        BeginDirectory(path);
        TarManifestRecordCodec.WriteOwn(_block, own);
        _counts = _counts with { Skips = _counts.Skips + (own.IsSkipped ? 1 : 0) };
    }

    /// <summary>Begins the block of a directory whose record, which is no skip, has not changed.</summary>
    internal void BeginDirectory(EntryPath path, ReadOnlySpan<byte> ownBytes)
    {
        BeginDirectory(path);
        _block.WriteFixed(ownBytes);
    }

    private void BeginDirectory(EntryPath path)
    {
        _block.Clear();
        _block.WriteByte(TarManifestFormat.DirectoryBlock);
        _block.WriteBytes(path.Bytes.Span);
        _counts = _counts with { Directories = _counts.Directories + 1 };
    }

    /// <summary>Adds an entry to the directory.</summary>
    internal void Add(ReadOnlySpan<byte> name, in TarManifestRecord record)
    {
        _block.WriteBytes(name);
        TarManifestRecordCodec.WriteEntry(_block, record);
        Count(record.Kind == FileKind.Regular && record.IsStored ? record.Size : 0, record.IsSkipped);
    }

    /// <summary>Adds an entry that has not changed, with the bytes that its record had in the parent.</summary>
    /// <param name="name">The entry's name.</param>
    /// <param name="recordBytes">The record as <see cref="TarManifestBlock.RecordBytes"/> gives it.</param>
    /// <param name="size">The size of a regular file that is stored, 0 for everything else.</param>
    /// <param name="isSkip">Whether the record is a skip.</param>
    internal void AddUnchanged(ReadOnlySpan<byte> name, ReadOnlySpan<byte> recordBytes, long size, bool isSkip = false)
    {
        _block.WriteBytes(name);
        _block.WriteFixed(recordBytes);
        Count(size, isSkip);
    }

    /// <summary>Writes the directory's block.</summary>
    internal ValueTask EndDirectoryAsync(CancellationToken cancellationToken)
    {
        WriteBlock();
        return _unflushed < FlushAt ? ValueTask.CompletedTask : FlushAsync(cancellationToken);
    }

    /// <summary>Writes the end block, without which a manifest counts as cut off.</summary>
    internal ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        _block.Clear();
        _block.WriteByte(TarManifestFormat.EndBlock);
        _block.WriteVarint((ulong)_counts.Directories);
        _block.WriteVarint((ulong)_counts.Entries);
        _block.WriteVarint((ulong)_counts.Skips);
        _block.WriteVarint((ulong)_counts.Bytes);
        WriteBlock();
        return FlushAsync(cancellationToken);
    }

    private void Count(long size, bool skipped) => _counts = _counts with
    {
        Entries = _counts.Entries + 1,
        Skips = _counts.Skips + (skipped ? 1 : 0),
        Bytes = unchecked(_counts.Bytes + size),
    };

    private void WriteBlock()
    {
        Span<byte> length = destination.GetSpan(TarManifestFormat.LongestVarint);
        destination.Advance(Varint.Write(length, (ulong)_block.Length));
        ReadOnlySpan<byte> rest = _block.Written;
        while (!rest.IsEmpty)
        {
            Span<byte> space = destination.GetSpan(Math.Min(rest.Length, FlushAt));
            int count = Math.Min(rest.Length, space.Length);
            rest[..count].CopyTo(space);
            destination.Advance(count);
            rest = rest[count..];
        }

        destination.EndBlock();
        _unflushed += _block.Length;
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        FlushResult result = await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new IOException("Whoever stores the manifest has stopped before its end.");
        }
    }
}
