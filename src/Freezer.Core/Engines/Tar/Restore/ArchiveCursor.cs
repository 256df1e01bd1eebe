using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Finds members of one level's archive by their offsets, going forward as long as that is cheaper than opening the archive again.</summary>
/// <remarks>Not for several threads.</remarks>
internal sealed class ArchiveCursor(ChainContext context, Backup level, TarReaderOptions readerOptions) : IAsyncDisposable
{
    private const long LongestSkip = 8 << 20;

    private PulledPipe? _pipe;
    private TarReader? _reader;

    internal Backup Level => level;

    /// <summary>Why the storage could not deliver; known once the cursor is disposed.</summary>
    internal Exception? Failure => _pipe?.Failure;

    /// <summary>Goes to the content of a file.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="location">Where the manifest says that it is.</param>
    /// <param name="storedSize">How long the content must be.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A reader in front of the content.</returns>
    /// <exception cref="BackupDamagedException">Something else is there.</exception>
    /// <exception cref="TarFormatException">The archive is malformed.</exception>
    internal async ValueTask<TarReader> SeekAsync(EntryPath path, ContentLocation location, long storedSize, CancellationToken cancellationToken)
    {
        if (_reader is { } current && IsAhead(current, location.Offset))
        {
            try
            {
                return await SeekInAsync(current, path, location, storedSize, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is BackupDamagedException or TarFormatException or InvalidDataException && !cancellationToken.IsCancellationRequested)
            {
                // What is damaged may lie in front of the file, where nothing is wanted: read for itself it is sound, or the error is its own.
            }
        }

        TarReader reader = await OpenAsync(location.Offset, cancellationToken).ConfigureAwait(false);
        return await SeekInAsync(reader, path, location, storedSize, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_pipe is not null)
        {
            await _pipe.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<TarReader> SeekInAsync(TarReader reader, EntryPath path, ContentLocation location, long storedSize, CancellationToken cancellationToken)
    {
        TarEntry? entry;
        do
        {
            entry = await reader.ReadEntryAsync(cancellationToken).ConfigureAwait(false);
        }
        while (entry is not null && reader.EntryOffset < location.Offset);

        if (entry is not { Type: TarEntryType.RegularFile } || reader.EntryOffset != location.Offset || reader.ContentRemaining != storedSize)
        {
            throw new BackupDamagedException($"The archive of the backup {level} does not hold the content of '{path}' at byte {location.Offset}, where the manifest says that it is.");
        }

        return reader;
    }

    private static bool IsAhead(TarReader reader, long offset) =>
        offset > reader.EntryOffset && offset - reader.ContentOffset <= LongestSkip;

    private async ValueTask<TarReader> OpenAsync(long offset, CancellationToken cancellationToken)
    {
        _reader = null;
        await DisposeAsync().ConfigureAwait(false);
        _pipe = await PulledPipe.OpenAsync((consume, token) => context.ReadArchiveAsync(level, offset, consume, token), cancellationToken).ConfigureAwait(false);
        return _reader = new TarReader(_pipe.Reader, readerOptions, startOffset: offset);
    }
}
