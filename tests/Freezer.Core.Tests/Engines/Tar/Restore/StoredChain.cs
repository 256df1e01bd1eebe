using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>A chain in memory, that is read as one in a storage is: the consumer runs inside of the call.</summary>
internal sealed class StoredChain(IReadOnlyList<StoredLevel> levels) : IRestoreSource
{
    private int _open;
    private int _mostOpen;
    private long _bytesRead;

    public IReadOnlyList<Backup> Chain { get; } = [.. levels.Select(static level => level.Backup)];

    internal int OpenStreams => _open;

    /// <summary>How many streams were open at the same time, at most.</summary>
    internal int MostOpenStreams => _mostOpen;

    internal long BytesRead => _bytesRead;

    /// <summary>Called with the number of bytes so far before each piece is delivered. What it throws is the storage's failure.</summary>
    internal Action<long>? Delivering { get; init; }

    public bool HasManifest(Backup level) => Find(level).Manifest is not null;

    public Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        ReadAsync(Find(level).Manifest!, consume, cancellationToken);

    public Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        ReadAsync(Find(level).Archive, consume, cancellationToken);

    public Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        ReadAsync(Find(level).Archive.AsMemory((int)offset), consume, cancellationToken);

    private StoredLevel Find(Backup level) => levels.Single(stored => stored.Backup == level);

    private async Task ReadAsync(ReadOnlyMemory<byte> bytes, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken)
    {
        _mostOpen = Math.Max(_mostOpen, Interlocked.Increment(ref _open));
        _mostOpen.Should().BeLessThanOrEqualTo(4, "a storage need not serve more");
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 256 << 10, resumeWriterThreshold: 128 << 10, useSynchronizationContext: false));
        Task<Exception?> producing = ProduceAsync(bytes, pipe.Writer);
        ExceptionDispatchInfo? echo = null;
        try
        {
            await consume(pipe.Reader, cancellationToken);
        }
        catch (Exception e)
        {
            echo = ExceptionDispatchInfo.Capture(e);
        }

        await pipe.Reader.CompleteAsync();
        Exception? failure = await producing;
        Interlocked.Decrement(ref _open);

        // As a catalog does, which knows what was read.
        if (failure is not null)
        {
            throw new BackupException($"A stored stream could not be read: {failure.Message}", failure);
        }

        echo?.Throw();
    }

    private async Task<Exception?> ProduceAsync(ReadOnlyMemory<byte> bytes, PipeWriter writer)
    {
        const int Chunk = 16 << 10;
        Exception? failure = null;
        while (!bytes.IsEmpty)
        {
            ReadOnlyMemory<byte> chunk = bytes[..Math.Min(Chunk, bytes.Length)];
            try
            {
                Delivering?.Invoke(Interlocked.Add(ref _bytesRead, chunk.Length));
            }
            catch (IOException e)
            {
                failure = e;
                break;
            }

            FlushResult flushed = await writer.WriteAsync(chunk, CancellationToken.None);
            if (flushed.IsCompleted)
            {
                break;
            }

            bytes = bytes[chunk.Length..];
        }

        await writer.CompleteAsync(failure);
        return failure;
    }
}
