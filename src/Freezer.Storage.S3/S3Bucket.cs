using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>The bucket: names of objects in it, and requests to it, each with a deadline and repeated where that may help.</summary>
internal sealed class S3Bucket(IAmazonS3 client, S3StorageOptions options)
{
    /// <summary>Where the storage keeps what is no object: the probe, and groups of parts. No key lies below it.</summary>
    internal const string ReservedSegment = ".freezer-s3";

    /// <summary>The most bytes that S3 takes for a name.</summary>
    private const int LongestName = 1024;

    /// <summary>How long leftovers are tried to be removed after a failure; the sweep finds what stays.</summary>
    private static readonly TimeSpan _cleanUpFor = TimeSpan.FromSeconds(10);

    private bool _sendsDigest = options.Retention is not null;
    private readonly string _root = options.Prefix.Length == 0 ? "" : options.Prefix + "/";

    internal IAmazonS3 Client => client;

    internal S3StorageOptions Options => options;

    internal string Name => options.Bucket;

    /// <summary>The server, for people.</summary>
    internal string Address => client.Config?.ServiceURL is { Length: > 0 } url ? url.TrimEnd('/') : $"S3 in {client.Config?.RegionEndpoint?.SystemName ?? "its region"}";

    internal PartMemory Memory { get; } = new(options.MemoryBudget);

    /// <summary>Whether the MD5 of content goes with it: with a retention, and once the server has asked for it, as it does where the bucket retains all that is new.</summary>
    internal bool SendsDigest => Volatile.Read(ref _sendsDigest);

    /// <summary>The name of an object in the bucket.</summary>
    /// <exception cref="ArgumentException">The key is <see langword="default"/>.</exception>
    /// <exception cref="StorageException">No object can have this name.</exception>
    internal string NameOf(StorageKey key)
    {
        if (key.Value.Length == 0)
        {
            throw new ArgumentException("The key is empty.", nameof(key));
        }

        if (key.Value == ReservedSegment || key.Value.StartsWith(ReservedSegment + "/", StringComparison.Ordinal))
        {
            throw new StorageException(StorageErrorKind.Unsupported, key.Value, $"names below '{ReservedSegment}' are reserved for the storage itself");
        }

        string name = _root + key.Value;
        return _root.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(name) <= LongestName ? name : throw new StorageException(
            StorageErrorKind.Unsupported, key.Value, $"with the prefix '{options.Prefix}' the name is longer than the {LongestName} bytes that S3 takes; choose a shorter prefix");
    }

    /// <summary>The name of what is no object.</summary>
    internal string ReservedNameOf(string name) => $"{_root}{ReservedSegment}/{name}";

    /// <summary>What the names of all objects below a prefix begin with.</summary>
    internal string NamesBelow(StoragePrefix prefix) => prefix.Value.Length == 0 ? _root : $"{_root}{prefix.Value}/";

    /// <summary>The key of an object in the bucket, unless it is none of this storage.</summary>
    internal bool TryGetKey(string name, out StorageKey key)
    {
        key = default;
        return name.StartsWith(_root, StringComparison.Ordinal)
            && StorageKey.TryParse(name[_root.Length..], out key)
            && !key.Value.StartsWith(ReservedSegment + "/", StringComparison.Ordinal);
    }

    internal Backoff NewBackoff() => new(options.RetryFor, options.TimeProvider);

    internal RequestDeadline NewDeadline(CancellationToken cancellationToken) => new(options.RequestTimeout, options.TimeProvider, cancellationToken);

    /// <summary>Makes a request, and makes it again while it fails for reasons that may pass.</summary>
    internal Task<T> SendAsync<T>(string? key, Func<RequestDeadline, Task<T>> request, CancellationToken cancellationToken) =>
        SendAsync(key, NewBackoff(), options.RequestTimeout, sendsContent: false, request, cancellationToken);

    /// <summary>Makes a request whose content lies in memory that is the caller's again afterwards.</summary>
    internal Task<T> SendContentAsync<T>(string? key, Func<RequestDeadline, Task<T>> request, CancellationToken cancellationToken) =>
        SendAsync(key, NewBackoff(), options.RequestTimeout, sendsContent: true, request, cancellationToken);

    /// <summary>Makes a request after which the server works for a while before it answers.</summary>
    internal Task<T> SendSlowAsync<T>(string? key, Func<RequestDeadline, Task<T>> request, CancellationToken cancellationToken) =>
        SendAsync(key, NewBackoff(), options.RequestTimeout * 10, sendsContent: false, request, cancellationToken);

    /// <summary>Makes a request that tidies up after a failure.</summary>
    /// <returns>Whether it succeeded. The failure before it is the one to tell of, and the sweep finds what stays.</returns>
    internal async Task<bool> TryCleanUpAsync<T>(Func<RequestDeadline, Task<T>> request)
    {
        TimeSpan retryFor = options.RetryFor < _cleanUpFor ? options.RetryFor : _cleanUpFor;
        TimeSpan timeout = options.RequestTimeout < _cleanUpFor ? options.RequestTimeout : _cleanUpFor;
        try
        {
            await SendAsync(key: null, new Backoff(retryFor, options.TimeProvider), timeout, sendsContent: false, request, CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    /// <summary>What a failure of a request means.</summary>
    internal StorageException ErrorOf(string? key, Exception failure, RequestDeadline deadline) =>
        deadline.HasPassed ? S3Errors.TimedOut(key, deadline.Limit, failure) : S3Errors.Of(key, this, failure);

    /// <summary>Looks an object up.</summary>
    internal async Task<GetObjectMetadataResponse?> FindAsync(string key, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAsync(
                key, deadline => client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Name, Key = name }, deadline.Token), cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
    }

    internal static StorageEntry EntryOf(StorageKey key, GetObjectMetadataResponse found) =>
        new(key, found.ContentLength, TimeOf(found.LastModified), VersionOf(found.ETag));

    /// <summary>Where the next page of a listing begins; <see langword="null"/> where there is none.</summary>
    /// <param name="isTruncated">Whether the server says that there is more.</param>
    /// <param name="next">Where it says that the next page begins.</param>
    /// <param name="current">Where this one began.</param>
    /// <exception cref="StorageException">It does not say whether, or where: the listing would be too short, or would never end.</exception>
    internal static string? NextPage(bool? isTruncated, string? next, string? current) =>
        isTruncated is null ? throw new StorageException(
            StorageErrorKind.Unavailable, key: null, "the server answered a listing with something else; look whether the endpoint is that of an object store")
        : isTruncated == false ? null
        : !string.IsNullOrEmpty(next) && next != current ? next
        : throw new StorageException(StorageErrorKind.Unknown, key: null, "the server says that there is more to list and not where it begins, so that what is there cannot be known");

    /// <summary>The seconds of a time: listings tell fractions, and other requests do not.</summary>
    internal static DateTimeOffset TimeOf(DateTime? time) =>
        DateTimeOffset.FromUnixTimeSeconds(new DateTimeOffset(time.GetValueOrDefault(DateTime.UnixEpoch).ToUniversalTime(), TimeSpan.Zero).ToUnixTimeSeconds());

    internal static string? VersionOf(string? etag) => string.IsNullOrEmpty(etag) ? null : etag.Trim('"');

    /// <summary>The header that asks for one version alone.</summary>
    internal static string? ConditionOf(string? version) => version is null ? null : string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private async Task<T> SendAsync<T>(
        string? key, Backoff backoff, TimeSpan timeout, bool sendsContent, Func<RequestDeadline, Task<T>> request, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var deadline = new RequestDeadline(timeout, options.TimeProvider, cancellationToken);
            bool hadDigest = SendsDigest;
            StorageException error;
            try
            {
                // A client of the application may not hear its token while it parses an answer, on this thread where the answer is there at once. What sends content is not
                // left alone, since the content's memory is used again.
                Task<T> call = sendsContent ? request(deadline) : Task.Run(() => request(deadline), deadline.Token).WaitAsync(deadline.Token);
                return await call.ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                // Whatever a request that was cancelled ends with, it is the cancellation that is told.
                cancellationToken.ThrowIfCancellationRequested();
                error = ErrorOf(key, failure, deadline);
            }

            if (sendsContent && !hadDigest && S3Errors.AsksForDigest(error))
            {
                Volatile.Write(ref _sendsDigest, true);
                continue;
            }

            if (!error.IsTransient || !backoff.MayRetry())
            {
                throw error;
            }

            await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
