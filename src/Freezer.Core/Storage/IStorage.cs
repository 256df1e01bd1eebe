using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>A flat, atomic namespace of objects: where backups live. Five verbs, and nothing about levels.</summary>
/// <remarks>
/// <para><b>Visibility.</b> An object is visible whole or not at all. Content that ends with an exception publishes
/// nothing, and that exception surfaces from <see cref="WriteAsync"/>. What a call acknowledged, every later call sees.</para>
/// <para><b>Pipes.</b> A storage drains <c>content</c> to its end and never completes it; it fills
/// <c>destination</c> and never completes it. Whoever made a pipe completes both of its ends. A write that fails stops
/// draining where it stands. A destination whose reader has completed ends the read early and without an error: nobody wants
/// the rest. A pending read or flush that is cancelled at the pipe cancels the call.</para>
/// <para><b>Cancellation.</b> No change begins after a token is cancelled. A call that was cancelled either did
/// everything or nothing.</para>
/// <para><b>Errors.</b> Failures of the storage are <see cref="StorageException"/>s with the root cause inside;
/// an <see cref="OperationCanceledException"/> is never wrapped.</para>
/// <para><b>Threads.</b> All members may be called at the same time from any number of threads.</para>
/// <para><b>Ownership.</b> Who created a storage disposes it. Engines and catalogs never do.</para>
/// </remarks>
public interface IStorage : IAsyncDisposable
{
    /// <summary>The few properties of this storage that change how a caller behaves. Constant for its lifetime.</summary>
    StorageCapabilities Capabilities { get; }

    /// <summary>Writes one object from a pipe and publishes it, whole, when the content has ended.</summary>
    /// <param name="key">The object's name.</param>
    /// <param name="content">The bytes. Drained to the end, never completed.</param>
    /// <param name="options">Whether an object of this name may be replaced, and a hint of the length.</param>
    /// <param name="cancellationToken">Cancels the write; nothing is published then.</param>
    /// <returns>The object as it now stands; its length is the number of bytes that were stored.</returns>
    /// <exception cref="StorageException">The write failed. With <see cref="WriteMode.CreateNew"/> and an object of this
    /// name, the kind is <see cref="StorageErrorKind.AlreadyExists"/> and that object is unchanged.</exception>
    Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default);

    /// <summary>Reads an object, or a range of it, into a pipe.</summary>
    /// <param name="key">The object's name.</param>
    /// <param name="destination">Where the bytes go. Flushed at the end, never completed.</param>
    /// <param name="options">The range, and the version that is wanted.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The object that was read; its length is that of the whole object.</returns>
    /// <exception cref="StorageException">The object is missing (<see cref="StorageErrorKind.NotFound"/>), is not the
    /// version asked for (<see cref="StorageErrorKind.VersionMismatch"/>), is shorter than the range
    /// (<see cref="StorageErrorKind.OutOfRange"/>), or cannot be read.</exception>
    Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default);

    /// <summary>Returns what is known of an object, or <see langword="null"/> where there is none of this name.</summary>
    /// <param name="key">The object's name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default);

    /// <summary>Lists the objects below a prefix, ordered by key unless the capabilities say otherwise. A prefix that nothing is below lists empty.</summary>
    /// <param name="prefix">Whole segments, possibly none.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default);

    /// <summary>Deletes an object. Deleting one that is missing succeeds.</summary>
    /// <param name="key">The object's name.</param>
    /// <param name="cancellationToken">Cancels the call, where the deletion has not begun.</param>
    Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default);

    /// <summary>Returns an ability beyond the five verbs (server-side copy, batch delete …), or <see langword="null"/>. Decorators forward it.</summary>
    /// <typeparam name="TFeature">The ability's contract.</typeparam>
    TFeature? GetFeature<TFeature>() where TFeature : class => this as TFeature;
}
