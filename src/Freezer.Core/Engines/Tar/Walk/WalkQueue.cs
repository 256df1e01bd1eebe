using System.Threading.Channels;

namespace Freezer.Engines.Tar.Walk;

/// <summary>The directories that the walk is ahead, bounded by their entries. One thread adds, one task reads.</summary>
internal sealed class WalkQueue : IDisposable
{
    /// <summary>How many entries may wait. A directory counts as some more, because it stays open.</summary>
    private const int MostEntries = 16 << 10;
    private const int DirectoryWeight = 64;

    private readonly Channel<WalkedDirectory> _channel =
        Channel.CreateUnbounded<WalkedDirectory>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _hasRoom = new(initialState: true, spinCount: 1);
    private int _weight;

    /// <summary>Adds a directory, and waits while too many entries are ahead, until half of them are taken.</summary>
    internal void Add(WalkedDirectory directory, CancellationToken cancellationToken)
    {
        try
        {
            _hasRoom.Wait(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            directory.Source?.Dispose();
            throw;
        }

        lock (_lock)
        {
            _weight += Weight(directory);
            if (_weight >= MostEntries)
            {
                _hasRoom.Reset();
            }
        }

        _channel.Writer.TryWrite(directory);
    }

    /// <summary>Says that the walk has ended, or what has ended it.</summary>
    internal void Complete(Exception? failure) => _channel.Writer.TryComplete(failure);

    /// <summary>The next directory, which is the caller's to dispose of; <see langword="null"/> at the end.</summary>
    internal async ValueTask<WalkedDirectory?> ReadAsync(CancellationToken cancellationToken)
    {
        WalkedDirectory? directory;
        while (!_channel.Reader.TryRead(out directory))
        {
            if (!await _channel.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                return null;
            }
        }

        lock (_lock)
        {
            _weight -= Weight(directory);
            if (_weight < MostEntries / 2)
            {
                _hasRoom.Set();
            }
        }

        return directory;
    }

    /// <summary>Closes the directories that nobody will read. The walk has ended.</summary>
    public void Dispose()
    {
        while (_channel.Reader.TryRead(out WalkedDirectory? directory))
        {
            directory.Source?.Dispose();
        }

        _hasRoom.Dispose();
    }

    private static int Weight(WalkedDirectory directory) => directory.Count + DirectoryWeight;
}
