using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>Objects in a bucket of any S3-compatible object store: AWS, Ceph, OpenStack Swift, MinIO and others.</summary>
/// <remarks>
/// <para><b>Writes</b> go straight from the pipe to the server, without a length and without temporary files: with one request up to
/// <see cref="S3StorageOptions.PartSize"/>, in parts beyond it, several at the same time, each with a checksum that the server verifies, and each repeated on its own
/// when it fails. A write that fails aborts its upload; what dies with its process is removed by <see cref="SweepAsync"/>.</para>
/// <para><b>Writers that race.</b> Up to <see cref="StorageCapabilities.AtomicCreateLimit"/> the server decides with <c>If-None-Match</c> who creates an object. Where it
/// does not honour that, the limit is 0, and objects are looked for and then written: of two writers that do so at the same moment, within the time of one
/// request, both may win. The same holds for larger objects on servers that honour it for single requests alone.</para>
/// <para><b>Reads</b> fetch several ranges at the same time, go on from the next byte where a connection breaks, and fail with
/// <see cref="StorageErrorKind.VersionMismatch"/> rather than splice the bytes of two objects.</para>
/// <para><b>Errors.</b> Requests that may succeed later are repeated for <see cref="S3StorageOptions.RetryFor"/>; then, and where the server is silent for longer than
/// <see cref="S3StorageOptions.RequestTimeout"/>, the failure is a <see cref="StorageException"/> that says what to do.</para>
/// <para><b>Memory</b> is that of <see cref="S3StorageOptions.MemoryBudget"/>, and one part for each write that is open at the same time.</para>
/// <para>The bucket may hold other things beside the prefix. Below the prefix, names that no key can have are no objects, and <c>.freezer-s3/</c> is reserved.
/// All members are safe to call from any thread.</para>
/// </remarks>
public sealed class S3Storage : IStorage, IStorageSweeper
{
    private readonly S3Bucket _bucket;
    private readonly S3Deletion _deletion;
    private readonly bool _isConditional;
    private readonly bool _ownsClient;

    private S3Storage(S3Bucket bucket, bool isConditional, bool ownsClient)
    {
        _bucket = bucket;
        _deletion = new S3Deletion(bucket);
        _isConditional = isConditional;
        _ownsClient = ownsClient;
        Capabilities = new StorageCapabilities
        {
            LargestObject = S3Write.LargestObject(bucket.Options),
            AtomicCreateLimit = isConditional ? bucket.Options.PartSize : 0,
        };
    }

    /// <inheritdoc/>
    public StorageCapabilities Capabilities { get; }

    /// <summary>How many bytes its buffers take.</summary>
    internal long MemoryUsed => _bucket.Memory.Used;

    /// <summary>Opens a bucket: looks whether it is there, and once what its server can do.</summary>
    /// <param name="options">The bucket, and how to reach it.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="StorageException">The bucket cannot be reached with these options and credentials, or is not there.</exception>
    public static async Task<S3Storage> OpenAsync(S3StorageOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        AmazonS3Client client;
        try
        {
            client = S3Client.Create(options, S3Transport.ToServer());
        }
        catch (AmazonClientException failure)
        {
            throw new StorageException(
                StorageErrorKind.AccessDenied, key: null,
                $"there are no usable credentials: {failure.Message} Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile", innerException: failure);
        }

        return await OpenAsync(client, options, ownsClient: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a bucket with a client of your own, which must outlive the storage and is not disposed with it.</summary>
    /// <param name="client">The client. Give it no retries of its own (<c>MaxErrorRetry = 0</c>) and, for servers other than AWS, checksums where required only.</param>
    /// <param name="options">The bucket; endpoint, region and credentials are those of the client.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="StorageException">The bucket cannot be reached with this client, or is not there.</exception>
    public static Task<S3Storage> OpenAsync(IAmazonS3 client, S3StorageOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return OpenAsync(client, options, ownsClient: false, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        using var write = new S3Write(_bucket, key, content, options.Mode, _isConditional, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return await write.RunAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        using var read = new S3Read(_bucket, key, destination, options, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return await read.RunAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        string name = _bucket.NameOf(key);
        GetObjectMetadataResponse? found = await _bucket.FindAsync(key.Value, name, cancellationToken).ConfigureAwait(false);
        return found is null ? null : S3Bucket.EntryOf(key, found);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string names = _bucket.NamesBelow(prefix);
        string? next = null;
        do
        {
            string? token = next;
            ListObjectsV2Response page = await _bucket.SendAsync(
                prefix.Value,
                deadline => _bucket.Client.ListObjectsV2Async(
                    new ListObjectsV2Request { BucketName = _bucket.Name, Prefix = names, ContinuationToken = token }, deadline.Token),
                cancellationToken).ConfigureAwait(false);
            foreach (S3Object found in page.S3Objects ?? [])
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_bucket.TryGetKey(found.Key, out StorageKey key))
                {
                    yield return new StorageEntry(key, found.Size.GetValueOrDefault(), S3Bucket.TimeOf(found.LastModified), S3Bucket.VersionOf(found.ETag));
                }
            }

            next = S3Bucket.NextPage(page.IsTruncated, page.NextContinuationToken, token);
        }
        while (next is not null);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) => _deletion.DeleteAsync(key, cancellationToken);

    /// <summary>Deletes many objects, a thousand with one request where the server takes that. Those that are missing are no failure.</summary>
    /// <param name="keys">The objects.</param>
    /// <param name="cancellationToken">Cancels what has not begun; what was deleted by then stays deleted.</param>
    /// <exception cref="StorageException">One of them cannot be deleted; others may be gone by then.</exception>
    public Task DeleteAsync(IReadOnlyCollection<StorageKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return _deletion.DeleteAsync(keys, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Aborts uploads in parts below the prefix that were begun, and got their last part, longer ago than <paramref name="olderThan"/>.</remarks>
    public Task<int> SweepAsync(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        return new S3Sweep(_bucket, olderThan, cancellationToken).RunAsync();
    }

    /// <summary>Disposes the client, unless it is one of the application.</summary>
    public ValueTask DisposeAsync()
    {
        if (_ownsClient)
        {
            S3Client.Dispose(_bucket.Client);
        }

        return ValueTask.CompletedTask;
    }

    internal static async Task<S3Storage> OpenAsync(IAmazonS3 client, S3StorageOptions options, bool ownsClient, CancellationToken cancellationToken)
    {
        try
        {
            var bucket = new S3Bucket(client, options);
            bool isConditional = await S3Probe.IsCreateConditionalAsync(bucket, cancellationToken).ConfigureAwait(false);
            return new S3Storage(bucket, isConditional, ownsClient);
        }
        catch when (ownsClient)
        {
            S3Client.Dispose(client);
            throw;
        }
    }
}
