using System.IO.Pipelines;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Applies the archive of one level to a destination that holds the level before, as <c>tar --incremental --extract</c> does.</summary>
/// <remarks>A directory's listing removes what the level no longer had, and only names that a level of the chain contained. The last of
/// several members of a name counts. A restore that is limited to some paths leaves every other member out.</remarks>
internal sealed class LevelReplay : IAsyncDisposable
{
    private readonly Destination _destination;
    private readonly RestoreReport _report;
    private readonly Backup _level;
    private readonly TarReader _reader;
    private readonly TreeWriter _writer;
    private readonly RenameReplay _renames;

    private LevelReplay(Destination destination, Backup level, PipeReader archive, CancellationToken cancellationToken)
    {
        _destination = destination;
        _report = destination.Report;
        _level = level;
        _reader = new TarReader(archive, destination.ReaderOptions);
        _writer = new TreeWriter(destination, cancellationToken);
        _renames = new RenameReplay(destination, _writer);
    }

    /// <summary>Replays a level.</summary>
    /// <exception cref="BackupDamagedException">The archive is malformed or cut off.</exception>
    /// <exception cref="BackupException">The destination is full, or cannot be used any more.</exception>
    internal static async Task RunAsync(Destination destination, Backup level, PipeReader archive, CancellationToken cancellationToken)
    {
        var replay = new LevelReplay(destination, level, archive, cancellationToken);
        await using (replay.ConfigureAwait(false))
        {
            try
            {
                await replay.RunAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (TarFormatException e)
            {
                await replay._writer.CompleteAsync().ConfigureAwait(false);
                throw new BackupDamagedException($"The archive of the backup {level} is damaged: {e.Message}. What stands in front of the damage was restored, and nothing behind it.", e);
            }
        }
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await _reader.ReadEntryAsync(cancellationToken).ConfigureAwait(false) is { } entry)
        {
            _writer.ThrowIfFailed();
            _destination.CountEntry();
            if (!MemberPath.TryParse(entry.Path, out EntryPath path, out bool wasAbsolute, out string refusal))
            {
                _report.Skip(new EntryPath(entry.Path), SkipKind.Refused, refusal);
                continue;
            }

            if (wasAbsolute)
            {
                _report.NoteAbsoluteName(path);
            }

            Selection selection = _destination.Include.Classify(path);
            if (selection == Selection.Selected || (selection == Selection.Above && entry.Type == TarEntryType.Directory))
            {
                _destination.Include.MarkFound(path);
                await WriteAsync(entry, path, cancellationToken).ConfigureAwait(false);
            }
        }

        await _writer.CompleteAsync().ConfigureAwait(false);
    }

    private ValueTask WriteAsync(TarEntry entry, EntryPath path, CancellationToken cancellationToken)
    {
        var metadata = NodeMetadata.Of(entry);
        return entry.Type switch
        {
            TarEntryType.Directory => WriteDirectoryAsync(entry, path, metadata),
            TarEntryType.SymbolicLink => _writer.WriteSymbolicLinkAsync(path, entry.LinkTarget, metadata),
            TarEntryType.HardLink => WriteHardLinkAsync(entry, path),
            TarEntryType.Fifo => _writer.WriteFifoAsync(path, metadata),
            TarEntryType.CharacterDevice => _writer.WriteDeviceAsync(path, FileKind.CharacterDevice, entry.DeviceMajor, entry.DeviceMinor, metadata),
            TarEntryType.BlockDevice => _writer.WriteDeviceAsync(path, FileKind.BlockDevice, entry.DeviceMajor, entry.DeviceMinor, metadata),
            _ => _writer.WriteFileAsync(
                new FileRequest
                {
                    Path = path,
                    Metadata = metadata,
                    Size = entry.Size,
                    Extents = entry.Extents,
                    StoredSize = _reader.ContentRemaining,
                    Origin = _level,
                },
                _reader,
                cancellationToken),
        };
    }

    private async ValueTask WriteHardLinkAsync(TarEntry entry, EntryPath path)
    {
        if (MemberPath.TryParse(entry.LinkTarget, out EntryPath target, out _, out string refusal))
        {
            await _writer.WriteHardLinkAsync(path, target).ConfigureAwait(false);
        }
        else
        {
            _report.Skip(path, SkipKind.Refused, $"It is a hard link to '{EntryPath.ToText(entry.LinkTarget)}', which is refused: {refusal}");
        }
    }

    private async ValueTask WriteDirectoryAsync(TarEntry entry, EntryPath path, NodeMetadata metadata)
    {
        if (await _writer.WriteDirectoryAsync(path, metadata).ConfigureAwait(false) is not { IsNew: false } entered || entry.DumpDirectory is null)
        {
            return;
        }

        try
        {
            DirectoryFrame directory = entered.Directory;
            var listing = new DumpListing(entry.DumpDirectory);
            if (listing.Renames.Count > 0)
            {
                bool renamed = await _renames.RunAsync(path, listing.Renames).ConfigureAwait(false);
                directory = _writer.Directories.Enter(path, creates: false);
                directory.Member = metadata;
                if (!renamed)
                {
                    return;
                }
            }

            await PurgeAsync(directory, listing).ConfigureAwait(false);
        }
        catch (FileSystemException e)
        {
            _report.SkipUnwritable(path, e);
        }
    }

    /// <summary>Removes what the listing does not have, or has as something else.</summary>
    private async ValueTask PurgeAsync(DirectoryFrame directory, DumpListing listing)
    {
        foreach (byte[] name in await _writer.ListAsync(directory).ConfigureAwait(false))
        {
            byte code = listing.Find(name);
            if (code == DumpDirectory.Kept)
            {
                continue;
            }

            if (code != 0)
            {
                bool isDirectory = _writer.Directories.TryStat(directory, name, out FileStatus status) && status.Kind == FileKind.Directory;
                if (isDirectory == (code == DumpDirectory.Directory))
                {
                    continue;
                }
            }

            EntryPath path = directory.Path.Append(name);
            if (_destination.Owned.Contains(path) && _destination.Include.Classify(path) != Selection.Outside)
            {
                _destination.Include.MarkRemoved(path);
                await _writer.RemoveAsync(directory, path).ConfigureAwait(false);
            }
        }
    }
}
