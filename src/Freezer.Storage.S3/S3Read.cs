using System.Globalization;
using System.IO.Pipelines;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>One read: in ranges, several of them ahead where memory allows, each going on from its next byte where a connection breaks.</summary>
internal sealed class S3Read : IDisposable
{
    private readonly S3Bucket _bucket;
    private readonly StorageKey _key;
    private readonly string _name;
    private readonly PipeWriter _destination;
    private readonly ReadOptions _options;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _stop;
    private readonly Queue<Ahead> _ahead = [];

    internal S3Read(S3Bucket bucket, StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken)
    {
        _bucket = bucket;
        _key = key;
        _name = bucket.NameOf(key);
        _destination = destination;
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
            response = await OpenAsync(_options.Offset, firstLength, _options.Version, _cancellationToken).ConfigureAwait(false);
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

        try
        {
            await DeliverAsync(response, entry.Version, _options.Offset, left).ConfigureAwait(false);
        }
        finally
        {
            await EndAheadAsync().ConfigureAwait(false);
        }

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
        long nextLength = Math.Min(left, RangeSize);
        GetObjectResponse? open = first;
        long ahead = offset + nextLength;
        long end = offset + left;
        var sink = new PipeSink(_destination);
        while (left > 0)
        {
            ahead = ReadAhead(ahead, end, version);
            bool isWanted;
            if (_ahead.Count > 0 && _ahead.Peek().Offset == offset)
            {
                nextLength = _ahead.Peek().Length;
                isWanted = await DeliverAheadAsync().ConfigureAwait(false);
            }
            else
            {
                nextLength = Math.Min(left, RangeSize);
                ahead = Math.Max(ahead, offset + nextLength);
                isWanted = await ReadRangeAsync(sink, open, offset, nextLength, version, _cancellationToken).ConfigureAwait(false);
                open = null;
            }

            if (!isWanted)
            {
                return;
            }

            offset += nextLength;
            left -= nextLength;
        }

        open?.Dispose();
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

            _ahead.Enqueue(new Ahead(offset, length, buffer, ReadRangeAsync(buffer, null, offset, length, version, _stop.Token)));
            offset += length;
        }

        return offset;
    }

    private async ValueTask<bool> DeliverAheadAsync()
    {
        Ahead range = _ahead.Peek();
        await range.Reading.ConfigureAwait(false);
        bool isWanted = await range.Buffer.CopyToAsync(_destination, _cancellationToken).ConfigureAwait(false);
        _ahead.Dequeue().Buffer.Dispose();
        return isWanted;
    }

    /// <summary>Stops what is read ahead, and gives the memory back once nobody uses it.</summary>
    private async Task EndAheadAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        while (_ahead.TryDequeue(out Ahead? range))
        {
            await ((Task)range.Reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            range.Buffer.Dispose();
        }
    }

    /// <summary>Reads a range, going on from the next byte where the connection breaks.</summary>
    /// <returns>False where nobody wants the rest.</returns>
    private async Task<bool> ReadRangeAsync(IReadSink sink, GetObjectResponse? response, long offset, long length, string? version, CancellationToken cancellationToken)
    {
        Backoff backoff = _bucket.NewBackoff();
        while (length > 0)
        {
            response ??= await OpenAgainAsync(offset, length, version, cancellationToken).ConfigureAwait(false);
            using GetObjectResponse body = response;
            response = null;
            using RequestDeadline deadline = _bucket.NewDeadline(cancellationToken);
            StorageException? error = null;
            while (length > 0)
            {
                Memory<byte> room = sink.GetMemory();
                int count;
                try
                {
                    deadline.Restart();
                    count = await body.ResponseStream.ReadAsync(room[..(int)Math.Min(room.Length, length)], deadline.Token).ConfigureAwait(false);
                    deadline.Stop();
                    if (count == 0)
                    {
                        throw new EndOfStreamException($"The answer ended {length} bytes too early.");
                    }
                }
                catch (Exception failure)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    error = _bucket.ErrorOf(_key.Value, failure, deadline);
                    break;
                }

                backoff.Reset();
                offset += count;
                length -= count;
                if (!await sink.AdvanceAsync(count, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }

            if (error is not null)
            {
                if (!error.IsTransient || !backoff.MayRetry())
                {
                    throw error;
                }

                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return true;
    }

    private async Task<GetObjectResponse> OpenAgainAsync(long offset, long length, string? version, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenAsync(offset, length, version, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind is StorageErrorKind.VersionMismatch or StorageErrorKind.OutOfRange)
        {
            throw new StorageException(StorageErrorKind.VersionMismatch, _key.Value, "the object was replaced while it was read; read it again", innerException: failure);
        }
    }

    /// <summary>Opens a range, which may be shorter than asked for and never begins elsewhere.</summary>
    private async Task<GetObjectResponse> OpenAsync(long offset, long length, string? version, CancellationToken cancellationToken)
    {
        GetObjectResponse response = await _bucket.SendAsync(
            _key.Value,
            deadline => _bucket.Client.GetObjectAsync(
                new GetObjectRequest
                {
                    BucketName = _bucket.Name,
                    Key = _name,
                    ByteRange = new ByteRange(offset, offset + length - 1),
                    EtagToMatch = S3Bucket.ConditionOf(version),
                },
                deadline.Token),
            cancellationToken).ConfigureAwait(false);

        // An object that is empty has no range, and some servers, and caches before them, answer with the whole of any object.
        string range = response.ContentRange is { Length: > 0 } told ? told : "bytes 0-/";
        if (range.StartsWith(string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-"), StringComparison.Ordinal))
        {
            return response;
        }

        response.Dispose();
        throw new StorageException(
            StorageErrorKind.Unsupported, _key.Value, $"the server does not read ranges of objects: from byte {offset} on was asked for, and it answered with '{response.ContentRange}'");
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
    private sealed record Ahead(long Offset, long Length, PartBuffer Buffer, Task<bool> Reading);
}
