using System.Globalization;
using System.IO.Pipelines;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>One read: stretch by stretch, in ranges side by side where that is faster and memory allows it.</summary>
internal sealed class S3Read : IDisposable
{
    private readonly S3Bucket _bucket;
    private readonly StorageKey _key;
    private readonly string _name;
    private readonly S3RangeReader _ranges;
    private readonly PipeWriter _destination;
    private readonly PipeSink _sink;
    private readonly ReadOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _stop;
    private readonly Queue<Ahead> _ahead = [];

    internal S3Read(S3Bucket bucket, StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken)
    {
        _bucket = bucket;
        _key = key;
        _name = bucket.NameOf(key);
        _ranges = new S3RangeReader(bucket, key, _name);
        _destination = destination;
        _sink = new PipeSink(destination);
        _options = options;
        _cancellationToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    private long RangeSize => _bucket.Options.PartSize;

    /// <summary>Reads what was asked for.</summary>
    /// <returns>The object.</returns>
    internal async Task<StorageEntry> RunAsync()
    {
        if (_options.Length == 0 || _options.Offset > long.MaxValue - (_options.Length ?? RangeSize))
        {
            return await LookAsync().ConfigureAwait(false);
        }

        long firstLength = Math.Min(_options.Length ?? RangeSize, RangeSize);
        GetObjectResponse response;
        try
        {
            response = await _ranges.OpenAsync(_options.Offset, firstLength, _options.Version, _cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind is StorageErrorKind.OutOfRange or StorageErrorKind.VersionMismatch)
        {
            return await LookAsync().ConfigureAwait(false);
        }

        if (string.IsNullOrEmpty(response.ContentRange) && response.ContentLength <= 0)
        {
            // It is empty, or the answer does not tell how long it is: the two look the same.
            response.Dispose();
            return await LookAsync().ConfigureAwait(false);
        }

        StorageEntry entry;
        long left;
        try
        {
            entry = EntryOf(response);
            (_, left) = _options.Resolve(entry);
        }
        catch
        {
            response.Dispose();
            throw;
        }

        await DeliverAsync(response, entry.Version, _options.Offset, left).ConfigureAwait(false);
        return entry;
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Where there is nothing to read: looks what is there, and whether that is what was asked for.</summary>
    private async Task<StorageEntry> LookAsync()
    {
        GetObjectMetadataResponse found = await _bucket.FindAsync(_key.Value, _name, _cancellationToken).ConfigureAwait(false)
            ?? throw new StorageException(StorageErrorKind.NotFound, _key.Value, "there is no such object");
        StorageEntry entry = S3Bucket.EntryOf(_key, found);
        (_, long left) = _options.Resolve(entry);
        return left == 0 ? entry : throw new StorageException(
            StorageErrorKind.VersionMismatch, _key.Value, "it was replaced at the moment when it was read, or the server did not tell its length; read it again", isTransient: true);
    }

    private async Task DeliverAsync(GetObjectResponse first, string? version, long offset, long left)
    {
        TimeProvider time = _bucket.Options.TimeProvider;
        var pace = new ReadPace(RangeSize, _bucket.Options.Parallelism);
        GetObjectResponse? open = first;
        while (left > 0)
        {
            ReadPace.Stretch stretch = pace.Next(left);
            long firstLength = stretch.IsSideBySide ? Math.Min(stretch.Length, RangeSize) : stretch.Length;
            open ??= await _ranges.OpenNextAsync(offset, firstLength, version, _cancellationToken).ConfigureAwait(false);
            long begun = time.GetTimestamp();
            bool isWanted = stretch.IsSideBySide
                ? await ReadSideBySideAsync(open, version, offset, offset + stretch.Length).ConfigureAwait(false)
                : await _ranges.ReadAsync(_sink, open, offset, stretch.Length, version, _cancellationToken).ConfigureAwait(false);
            if (!isWanted)
            {
                return;
            }

            pace.Took(stretch, time.GetElapsedTime(begun));
            open = null;
            offset += stretch.Length;
            left -= stretch.Length;
        }

        open?.Dispose();
    }

    /// <summary>Reads in ranges: the first one straight into the pipe, further ones ahead into memory.</summary>
    /// <returns>False where nobody wants the rest.</returns>
    private async Task<bool> ReadSideBySideAsync(GetObjectResponse first, string? version, long offset, long end)
    {
        GetObjectResponse? open = first;
        long ahead = offset;
        try
        {
            while (offset < end)
            {
                ahead = ReadAhead(Math.Max(ahead, offset + RangeSize), end, version);
                long length = Math.Min(end - offset, RangeSize);
                bool isWanted = _ahead.TryPeek(out Ahead? next) && next.Offset == offset
                    ? await DeliverAheadAsync(next).ConfigureAwait(false)
                    : await _ranges.ReadAsync(_sink, open, offset, length, version, _cancellationToken).ConfigureAwait(false);
                if (!isWanted)
                {
                    return false;
                }

                open = null;
                offset += length;
            }

            return true;
        }
        finally
        {
            await EndAheadAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Begins to read the next ranges into memory, as far as there is some.</summary>
    /// <returns>Where the first range begins that is not being read.</returns>
    private long ReadAhead(long offset, long end, string? version)
    {
        while (offset < end && _ahead.Count < _bucket.Options.Parallelism - 1)
        {
            long length = Math.Min(end - offset, RangeSize);
            var buffer = new PartBuffer(_bucket.Memory);
            if (!buffer.TryReserve(length))
            {
                break;
            }

            _ahead.Enqueue(new Ahead(offset, buffer, _ranges.ReadAsync(buffer, null, offset, length, version, _stop.Token)));
            offset += length;
        }

        return offset;
    }

    private async ValueTask<bool> DeliverAheadAsync(Ahead range)
    {
        await range.Reading.ConfigureAwait(false);
        bool isWanted = await range.Buffer.CopyToAsync(_destination, _cancellationToken).ConfigureAwait(false);
        _ahead.Dequeue().Buffer.Dispose();
        return isWanted;
    }

    /// <summary>Stops what is read ahead, and gives the memory back once nobody uses it.</summary>
    private async Task EndAheadAsync()
    {
        if (_ahead.Count == 0)
        {
            // The stretch is complete, and a later one may read ahead again, which nothing does once it is stopped.
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        while (_ahead.TryDequeue(out Ahead? range))
        {
            await ((Task)range.Reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            range.Buffer.Dispose();
        }
    }

    /// <summary>The whole object, of which a part has been opened.</summary>
    private StorageEntry EntryOf(GetObjectResponse response)
    {
        DateTimeOffset time = S3Bucket.TimeOf(response.LastModified);
        string? version = S3Bucket.VersionOf(response.ETag);
        if (response.ContentRange is not { Length: > 0 } range)
        {
            return new StorageEntry(_key, response.ContentLength, time, version);
        }

        int slash = range.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 && long.TryParse(range.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            ? new StorageEntry(_key, length, time, version)
            : throw new StorageException(StorageErrorKind.Unknown, _key.Value, $"the server answered with a range that says nothing of the object's length: '{range}'");
    }

    /// <summary>A range that is being read into memory.</summary>
    private sealed record Ahead(long Offset, PartBuffer Buffer, Task<bool> Reading);
}
