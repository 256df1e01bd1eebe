using System.Buffers;
using System.IO.Pipelines;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>One write: with one request where the content is small, in parts otherwise.</summary>
/// <remarks>
/// Content is copied into parts, since a part that fails is sent again and a pipe cannot be read twice. Parts grow as far as the memory allows. An object that
/// uses up the parts which a server takes goes on in groups: each is an upload of its own, which the server then copies into the object as
/// one part. So neither the number of parts nor the memory limits its length.
/// </remarks>
internal sealed class S3Write : IDisposable
{
    /// <summary>After how many parts their size doubles.</summary>
    private const int PartsOfOneSize = 1_000;

    private readonly S3Bucket _bucket;
    private readonly StorageKey _key;
    private readonly string _name;
    private readonly bool _onlyNew;
    private readonly bool _isConditional;
    private readonly PipeReader _content;
    private readonly NewObject _object;
    private readonly List<Task> _underWay = [];
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _cancellationToken;
    private MultipartUpload? _upload;
    private MultipartUpload? _group;

    internal S3Write(S3Bucket bucket, StorageKey key, PipeReader content, WriteMode mode, bool isConditional, CancellationToken cancellationToken)
    {
        _bucket = bucket;
        _key = key;
        _name = bucket.NameOf(key);
        _content = content;
        _onlyNew = mode == WriteMode.CreateNew;
        _isConditional = isConditional;
        _object = new NewObject(bucket, bucket.Options);
        _cancellationToken = cancellationToken;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>How many parts are sent directly; the rest are groups.</summary>
    internal static int DirectParts(S3StorageOptions options) => options.MostParts / 5 * 4;

    /// <summary>The largest object that parts and groups make.</summary>
    internal static long LargestObject(S3StorageOptions options) =>
        Math.Min(options.LargestObject, (DirectParts(options) * options.PartSize) + ((options.MostParts - DirectParts(options)) * options.GroupSize));

    /// <summary>Writes the object.</summary>
    internal async Task<StorageEntry> RunAsync()
    {
        try
        {
            PartBuffer first = new(_bucket.Memory);
            bool hasEnded;
            try
            {
                hasEnded = await FillAsync(first, _bucket.Options.PartSize).ConfigureAwait(false);
            }
            catch
            {
                first.Dispose();
                throw;
            }

            return hasEnded ? await PutAsync(first).ConfigureAwait(false) : await UploadAsync(first).ConfigureAwait(false);
        }
        catch
        {
            await EndPartsAsync().ConfigureAwait(false);
            await AbortAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Dispose() => _stop.Dispose();

    private async Task<StorageEntry> PutAsync(PartBuffer content)
    {
        using (content)
        {
            if (_onlyNew && !_isConditional)
            {
                await RequireFreeAsync().ConfigureAwait(false);
            }

            try
            {
                PutObjectResponse put = await _bucket.SendContentAsync(
                    _key.Value,
                    async deadline =>
                    {
                        using var stream = new PartStream(content, deadline);
                        var request = new PutObjectRequest
                        {
                            BucketName = _bucket.Name,
                            Key = _name,
                            InputStream = stream,
                            AutoCloseStream = false,
                            AutoResetStreamPosition = false,
                            UseChunkEncoding = false,
                            IfNoneMatch = _onlyNew && _isConditional ? "*" : null,
                        };
                        _object.Apply(request, content);
                        return await _bucket.Client.PutObjectAsync(request, deadline.Token).ConfigureAwait(false);
                    },
                    _cancellationToken).ConfigureAwait(false);
                return await ConfirmAsync(content.Length, S3Bucket.VersionOf(put.ETag), _isConditional).ConfigureAwait(false);
            }
            catch (StorageException failure) when (_onlyNew && failure.Kind == StorageErrorKind.VersionMismatch)
            {
                return await ConfirmOwnAsync(content.Length, AlreadyExists(failure)).ConfigureAwait(false);
            }
        }
    }

    private async Task<StorageEntry> UploadAsync(PartBuffer part)
    {
        if (_onlyNew)
        {
            await RequireFreeAsync(part).ConfigureAwait(false);
        }

        _upload = await BeginAsync(_name, part).ConfigureAwait(false);
        bool hasEnded = false;
        while (true)
        {
            await SendAsync(part).ConfigureAwait(false);
            if (hasEnded)
            {
                break;
            }

            part = new PartBuffer(_bucket.Memory);
            try
            {
                hasEnded = await FillAsync(part, NextSize()).ConfigureAwait(false);
            }
            catch
            {
                part.Dispose();
                throw;
            }
        }

        await FinishAsync(mostLeft: 0).ConfigureAwait(false);
        if (_group is not null)
        {
            await CloseGroupAsync().ConfigureAwait(false);
        }

        return await PublishAsync(_upload).ConfigureAwait(false);
    }

    private async Task<StorageEntry> PublishAsync(MultipartUpload upload)
    {
        if (_onlyNew)
        {
            await RequireFreeAsync().ConfigureAwait(false);
        }

        _cancellationToken.ThrowIfCancellationRequested();
        try
        {
            string? version = await upload.CompleteAsync(_onlyNew, _cancellationToken).ConfigureAwait(false);

            // Not every server that decides for single requests does so for uploads in parts.
            return await ConfirmAsync(upload.Length, version, isDecided: false).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind == StorageErrorKind.VersionMismatch)
        {
            throw AlreadyExists(failure);
        }
    }

    /// <summary>Looks at the object that was just written.</summary>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="version">Its version, where the server told it.</param>
    /// <param name="isDecided">Whether the server has decided between writers that create it.</param>
    private async Task<StorageEntry> ConfirmAsync(long length, string? version, bool isDecided)
    {
        GetObjectMetadataResponse? found = await _bucket.FindAsync(_key.Value, _name, _cancellationToken).ConfigureAwait(false);
        if (found is not null && _object.IsThis(found))
        {
            return EntryOf(found, length);
        }

        if (_onlyNew && !isDecided && found is not null)
        {
            // Another writer looked before this one wrote, and wrote after it.
            throw AlreadyExists(cause: null);
        }

        // It was replaced or deleted at once, which may happen to whoever replaces objects himself.
        return new StorageEntry(_key, length, S3Bucket.TimeOf(found?.LastModified ?? _bucket.Options.TimeProvider.GetUtcNow().UtcDateTime), version);
    }

    /// <summary>Looks whether the object that is there is the one that this write made.</summary>
    private async Task<StorageEntry> ConfirmOwnAsync(long length, StorageException otherwise)
    {
        GetObjectMetadataResponse? found = await _bucket.FindAsync(_key.Value, _name, _cancellationToken).ConfigureAwait(false);
        return found is not null && _object.IsThis(found) ? EntryOf(found, length) : throw otherwise;
    }

    private StorageEntry EntryOf(GetObjectMetadataResponse found, long length)
    {
        StorageEntry entry = S3Bucket.EntryOf(_key, found);
        return entry.Length == length ? entry : throw new StorageException(
            StorageErrorKind.Corrupt, _key.Value, $"{length} bytes were written, and the server has {entry.Length}");
    }

    private async Task RequireFreeAsync()
    {
        if (await _bucket.FindAsync(_key.Value, _name, _cancellationToken).ConfigureAwait(false) is not null)
        {
            throw AlreadyExists(cause: null);
        }
    }

    private async Task RequireFreeAsync(PartBuffer part)
    {
        try
        {
            await RequireFreeAsync().ConfigureAwait(false);
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    private StorageException AlreadyExists(Exception? cause) =>
        new(StorageErrorKind.AlreadyExists, _key.Value, "an object of this name exists already; it is unchanged", innerException: cause);

    /// <summary>Reads content into a part until it has its size, and looks whether there is more.</summary>
    /// <returns>Whether the content has ended.</returns>
    private async Task<bool> FillAsync(PartBuffer part, long size)
    {
        while (true)
        {
            ReadResult read = await _content.ReadAsync(_cancellationToken).ConfigureAwait(false);
            _cancellationToken.ThrowIfCancellationRequested();
            if (read.IsCanceled)
            {
                throw new OperationCanceledException("The reading of the content was cancelled.");
            }

            long taken = await TakeAsync(read.Buffer, part, size).ConfigureAwait(false);
            bool isWhole = taken == read.Buffer.Length;
            _content.AdvanceTo(read.Buffer.GetPosition(taken));
            if (!isWhole || read.IsCompleted)
            {
                return isWhole;
            }
        }
    }

    private async ValueTask<long> TakeAsync(ReadOnlySequence<byte> content, PartBuffer part, long size)
    {
        long taken = 0;
        foreach (ReadOnlyMemory<byte> piece in content)
        {
            for (int offset = 0; offset < piece.Length;)
            {
                if (part.Length == size)
                {
                    return taken;
                }

                // A part that is under way gives its memory back when it has arrived; where none is, there is nothing to wait for.
                if (!part.TryGrow(mayExceed: _underWay.Count == 0))
                {
                    await FinishAsync(_underWay.Count - 1).ConfigureAwait(false);
                    continue;
                }

                int count = part.Append(piece.Span[offset..], size);
                offset += count;
                taken += count;
            }
        }

        return taken;
    }

    private long NextSize()
    {
        long size = _bucket.Options.PartSize << Math.Min(_upload!.Parts / PartsOfOneSize, 7);
        long most = Math.Clamp(_bucket.Options.MemoryBudget / _bucket.Options.Parallelism, _bucket.Options.PartSize, 1L << 30);
        return Math.Min(size, most);
    }

    /// <summary>Sends a part, once there is room beside those that are under way.</summary>
    private async Task SendAsync(PartBuffer part)
    {
        MultipartUpload target;
        try
        {
            await FinishAsync(_bucket.Options.Parallelism - 1).ConfigureAwait(false);
            if (_upload!.Length + (_group?.Length ?? 0) + part.Length > LargestObject(_bucket.Options))
            {
                throw new StorageException(
                    StorageErrorKind.TooLarge, _key.Value, $"the object has more than {LargestObject(_bucket.Options)} bytes, and the server takes no more");
            }

            target = await TargetAsync().ConfigureAwait(false);
        }
        catch
        {
            part.Dispose();
            throw;
        }

        _underWay.Add(target.SendAsync(part, _stop.Token));
    }

    private async Task<MultipartUpload> TargetAsync()
    {
        if (_group is null && _upload!.Parts < DirectParts(_bucket.Options))
        {
            return _upload!;
        }

        if (_group is not null && (_group.Length >= _bucket.Options.GroupSize || _group.Parts == _bucket.Options.MostParts))
        {
            await CloseGroupAsync().ConfigureAwait(false);
        }

        return _group ??= await MultipartUpload.BeginAsync(
            _bucket, _key.Value, _bucket.ReservedNameOf($"parts/{Guid.NewGuid():N}"), NewObject.Temporary(_bucket), _cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has the server put a group together and copy it into the object as one part.</summary>
    private async Task CloseGroupAsync()
    {
        await FinishAsync(mostLeft: 0).ConfigureAwait(false);
        MultipartUpload group = _group!;
        await group.CompleteAsync(onlyNew: false, _cancellationToken).ConfigureAwait(false);
        await _upload!.CopyAsync(group.Name, group.Length, _cancellationToken).ConfigureAwait(false);
        _group = null;
        await DeleteGroupAsync(group).ConfigureAwait(false);
    }

    private Task<bool> DeleteGroupAsync(MultipartUpload group) => _bucket.TryCleanUpAsync(
        deadline => _bucket.Client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _bucket.Name, Key = group.Name }, deadline.Token));

    private async Task<MultipartUpload> BeginAsync(string name, PartBuffer part)
    {
        try
        {
            return await MultipartUpload.BeginAsync(_bucket, _key.Value, name, _object, _cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    /// <summary>Waits until no more than a number of parts are under way. The first one that fails ends the write.</summary>
    private async Task FinishAsync(int mostLeft)
    {
        while (_underWay.Count > mostLeft)
        {
            Task done = await Task.WhenAny(_underWay).ConfigureAwait(false);
            _underWay.Remove(done);
            await done.ConfigureAwait(false);
        }
    }

    /// <summary>Stops the parts that are under way, and waits until nobody uses their memory.</summary>
    private async Task EndPartsAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AbortAsync()
    {
        if (_group is { } group)
        {
            // It may have become an object already.
            await group.TryAbortAsync().ConfigureAwait(false);
            await DeleteGroupAsync(group).ConfigureAwait(false);
        }

        if (_upload is { } upload)
        {
            await upload.TryAbortAsync().ConfigureAwait(false);
        }
    }
}
