using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Restores a chain by the manifest of its last level: each file is written once, from the archive that has its content.</summary>
/// <remarks>Content is compared with the SHA-256 of its record before the file counts as written. The result is that of replaying level by
/// level; only the names that later levels removed are never made.</remarks>
internal sealed class ChainRestore : IAsyncDisposable
{
    private readonly Destination _destination;
    private readonly RestoreContext _context;
    private readonly RestoreReport _report;
    private readonly ArchiveSet _archives;
    private readonly TreeWriter _writer;
    private readonly bool _linksNames;

    /// <summary>Stands in for the first name of an inode that was not asked for; bounded by the number of inodes with several names.</summary>
    private readonly Dictionary<EntryPath, EntryPath> _standIns = [];

    private ChainRestore(Destination destination, RestoreContext context, CancellationToken cancellationToken)
    {
        _destination = destination;
        _context = context;
        _report = destination.Report;
        _archives = new ArchiveSet(context, destination.ReaderOptions);
        _writer = new TreeWriter(destination, cancellationToken);
        _linksNames = (destination.Tree.Capabilities & FileTreeCapabilities.HardLinks) != 0;
    }

    /// <summary>Whether a chain can be restored so: every level has a manifest and an identity.</summary>
    internal static bool IsPossible(RestoreContext context)
    {
        foreach (Backup level in context.Chain)
        {
            if (level.Id == Guid.Empty || !context.HasManifest(level))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the manifest of the target can be read to its end. Only asked where damage is expected: otherwise a restore finds out on its way.</summary>
    internal static async Task<bool> IsManifestSoundAsync(Destination destination, RestoreContext context, CancellationToken cancellationToken)
    {
        try
        {
            await context.ReadManifestAsync(context.Target, ReadAsync, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (BackupDamagedException)
        {
            return false;
        }

        async Task ReadAsync(PipeReader manifest, CancellationToken token)
        {
            var level = new LevelManifest(manifest, context.Target, destination.LongestBlock);
            await level.OpenAsync(token).ConfigureAwait(false);
            bool isMore = true;
            while (isMore)
            {
                isMore = await level.ReadBlockAsync(token).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Restores a chain.</summary>
    /// <exception cref="BackupDamagedException">A manifest, an archive or a file's content is not what was stored.</exception>
    /// <exception cref="BackupException">The destination is full or cannot be used, or a path that was asked for is not in the backup.</exception>
    internal static async Task RunAsync(Destination destination, RestoreContext context, CancellationToken cancellationToken)
    {
        if (!destination.WasEmpty)
        {
            await SupersededNames.RemoveAsync(destination, context, cancellationToken).ConfigureAwait(false);
        }

        var restore = new ChainRestore(destination, context, cancellationToken);
        await using (restore.ConfigureAwait(false))
        {
            await context.ReadManifestAsync(context.Target, restore.RestoreAsync, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _archives.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RestoreAsync(PipeReader manifest, CancellationToken cancellationToken)
    {
        var level = new LevelManifest(manifest, _context.Target, _destination.LongestBlock);
        await level.OpenAsync(cancellationToken).ConfigureAwait(false);
        while (await level.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            await WriteBlockAsync(level.Block, cancellationToken).ConfigureAwait(false);
        }

        await _writer.CompleteAsync().ConfigureAwait(false);
    }

    private async ValueTask WriteBlockAsync(TarManifestBlock block, CancellationToken cancellationToken)
    {
        if (_destination.Include.Classify(block.Path) == Selection.Outside)
        {
            return;
        }

        // What the block gives is gone with the next one, and files are still in flight then.
        var path = new EntryPath(block.Path.Bytes.ToArray());
        TarManifestRecord own = block.Own();
        _destination.Include.MarkFound(path);
        NoteIfImperfect(path, own);

        await _writer.WriteDirectoryAsync(path, NodeMetadata.Of(own)).ConfigureAwait(false);
        for (int i = 0; i < block.Count; i++)
        {
            TarManifestRecord record = block.Record(i);
            EntryPath entry = path.Append(block.Name(i).Span);
            if (_destination.Include.Classify(entry) != Selection.Selected)
            {
                continue;
            }

            _writer.ThrowIfFailed();
            _destination.CountEntry();
            _destination.Include.MarkFound(entry);
            if (!record.IsStored)
            {
                _report.Note(entry, $"It was skipped when the backup was taken: {record.SkipReason}");
            }
            else if (record.Kind != FileKind.Directory)
            {
                await WriteEntryAsync(entry, record, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask WriteEntryAsync(EntryPath path, TarManifestRecord record, CancellationToken cancellationToken)
    {
        NoteIfImperfect(path, record);

        if (record.IsLaterName && _linksNames)
        {
            EntryPath first = record.FirstName;
            if (_standIns.TryGetValue(first, out EntryPath standIn) || _destination.Include.Classify(first) == Selection.Selected)
            {
                await _writer.WriteHardLinkAsync(path, standIn.IsRoot ? new EntryPath(first.Bytes.ToArray()) : standIn).ConfigureAwait(false);
                return;
            }

            _standIns.Add(new EntryPath(first.Bytes.ToArray()), path);
        }

        var metadata = NodeMetadata.Of(record);
        switch (record.Kind)
        {
            case FileKind.Regular:
                await WriteFileAsync(path, record, metadata, cancellationToken).ConfigureAwait(false);
                break;
            case FileKind.SymbolicLink:
                await _writer.WriteSymbolicLinkAsync(path, record.LinkTarget, metadata).ConfigureAwait(false);
                break;
            case FileKind.Fifo:
                await _writer.WriteFifoAsync(path, metadata).ConfigureAwait(false);
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                await _writer.WriteDeviceAsync(path, record.Kind, record.DeviceMajor, record.DeviceMinor, metadata).ConfigureAwait(false);
                break;
            default:
                throw new BackupDamagedException($"The manifest of the backup {_context.Target} has '{path}' as something that an archive cannot hold.");
        }
    }

    private async ValueTask WriteFileAsync(EntryPath path, TarManifestRecord record, NodeMetadata metadata, CancellationToken cancellationToken)
    {
        var request = new FileRequest
        {
            Path = path,
            Metadata = metadata,
            Size = record.Size,
            Extents = record.Extents,
            StoredSize = record.StoredSize,
            Digest = record.Digest,
            Origin = _archives.Level(path, record.Content.BackupId),
        };
        try
        {
            TarReader? content = request.StoredSize == 0
                ? null
                : await _archives.SeekAsync(path, record.Content, request.StoredSize, cancellationToken).ConfigureAwait(false);
            await _writer.WriteFileAsync(request, content, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whoever delivers the archive knows more of its failure than the pipe that it came through.
            Exception cause = e is BackupException ? e : await _archives.CloseAsync().ConfigureAwait(false) ?? e;
            if (cause is TarFormatException)
            {
                cause = new BackupDamagedException($"The archive of the backup {request.Origin} is damaged: {cause.Message}. It was read for '{path}'.", cause);
            }

            if (cause is not BackupDamagedException damage)
            {
                ExceptionDispatchInfo.Throw(cause);
                throw;
            }

            await _archives.CloseAsync().ConfigureAwait(false);
            _report.SkipDamaged(path, damage);
        }
    }

    private void NoteIfImperfect(EntryPath path, in TarManifestRecord record)
    {
        if (record.IsSkipped)
        {
            _report.Note(path, $"It is restored as far as the chain has it; when the backup was taken: {record.SkipReason}");
        }
        else if (record.IsStale)
        {
            _report.Note(path, "It is restored as an earlier backup has it; it could not be read when this one was taken.");
        }
    }
}
