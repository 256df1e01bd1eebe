using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Restore;

/// <summary>The archives of a chain, of which those that were read last are open.</summary>
internal sealed class ArchiveSet(ChainContext context, TarReaderOptions readerOptions) : IAsyncDisposable
{
    /// <summary>With the manifest that is four operations at a time, which every storage serves.</summary>
    private const int MostOpen = 3;

    // The one that was used last stands last.
    private readonly List<ArchiveCursor> _open = [];

    /// <summary>Goes to the content of a file.</summary>
    /// <inheritdoc cref="ArchiveCursor.SeekAsync"/>
    internal async ValueTask<TarReader> SeekAsync(EntryPath path, ContentLocation location, long storedSize, CancellationToken cancellationToken)
    {
        ArchiveCursor cursor = await FindAsync(path, location.BackupId).ConfigureAwait(false);
        return await cursor.SeekAsync(path, location, storedSize, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The level with an id.</summary>
    /// <exception cref="BackupDamagedException">The chain has no such level.</exception>
    internal Backup Level(EntryPath path, Guid id)
    {
        foreach (Backup level in context.Chain)
        {
            if (level.Id == id)
            {
                return level;
            }
        }

        throw new BackupDamagedException($"The manifest of the backup {context.Target} says that the content of '{path}' is in the backup {id}, which is not in its chain.");
    }

    /// <summary>Closes all archives, and gives the first reason for which one could not be read.</summary>
    internal async ValueTask<Exception?> CloseAsync()
    {
        Exception? failure = null;
        foreach (ArchiveCursor cursor in _open)
        {
            await cursor.DisposeAsync().ConfigureAwait(false);
            failure ??= cursor.Failure;
        }

        _open.Clear();
        return failure;
    }

    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    private async ValueTask<ArchiveCursor> FindAsync(EntryPath path, Guid id)
    {
        int index = _open.Count - 1;
        while (index >= 0 && _open[index].Level.Id != id)
        {
            index--;
        }

        ArchiveCursor cursor;
        if (index >= 0)
        {
            cursor = _open[index];
            _open.RemoveAt(index);
        }
        else
        {
            cursor = new ArchiveCursor(context, Level(path, id), readerOptions);
            if (_open.Count == MostOpen)
            {
                ArchiveCursor oldest = _open[0];
                _open.RemoveAt(0);
                await oldest.DisposeAsync().ConfigureAwait(false);
            }
        }

        _open.Add(cursor);
        return cursor;
    }
}
