namespace Freezer.Storage;

/// <summary>Layers over a storage, each of which is a storage again.</summary>
/// <remarks>
/// <para>Every layer takes over what it is put on: dispose the outermost one. All of them are safe from any thread, and show the
/// abilities of the storage below (<see cref="IStorage.GetFeature{TFeature}"/>), which are not limited, timed or retried.</para>
/// <para><b>Order.</b> What is written first is innermost: <c>storage.WithTimeout(t).WithBandwidthLimit(b).WithLimit(n).WithRetry()</c>.
/// Each attempt then has its own time, neither waiting for bandwidth nor for a place counts as the storage's time, and nobody holds a place
/// while waiting for the next attempt. Other orders work and mean what they say.</para>
/// </remarks>
public static class StorageLayers
{
    /// <summary>Asks again where the storage fails and says that it may succeed later (<see cref="StorageException.IsTransient"/>).</summary>
    /// <param name="storage">The storage, which the layer takes over.</param>
    /// <param name="options">How often and when; <see langword="null"/> for the defaults.</param>
    /// <returns>The storage with the layer.</returns>
    /// <remarks>
    /// <para>Finding and deleting are done again. A listing begins again and leaves out what it gave out already. A read goes on at the first byte
    /// that it has not delivered, in the same version of the object: for that the object is looked up first, unless the caller names a version.</para>
    /// <para>A write is only begun again as long as nothing of its content was taken, since a pipe cannot be rewound: so there is never a second
    /// object, and never an <see cref="StorageErrorKind.AlreadyExists"/> that tells of the call's own first attempt. A storage
    /// that loses connections has to repeat what it has buffered, as one with multipart uploads does for each part.</para>
    /// <para>What fails in the end is the storage's last exception, as it is.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An option is not valid.</exception>
    public static IStorage WithRetry(this IStorage storage, RetryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        options ??= RetryOptions.Default;
        options.Validate();
        return new RetryStorage(storage, options);
    }

    /// <summary>Lets so many operations go on at the same time; others wait their turn.</summary>
    /// <param name="storage">The storage, which the layer takes over.</param>
    /// <param name="operations">How many, at least <see cref="StorageCapabilities.OperationsOfABackup"/>. Several backups and restores at
    /// the same time need as many each: they would wait for one another's places for ever otherwise.</param>
    /// <returns>The storage with the layer.</returns>
    /// <remarks>A read or write holds its place to its end, a listing only while the storage looks for the next entry.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">It is fewer than one backup holds open.</exception>
    public static IStorage WithLimit(this IStorage storage, int operations)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentOutOfRangeException.ThrowIfLessThan(operations, StorageCapabilities.OperationsOfABackup);
        return new LimitStorage(storage, operations);
    }

    /// <summary>Moves content no faster than so many bytes a second, over all operations together.</summary>
    /// <param name="storage">The storage, which the layer takes over.</param>
    /// <param name="options">How fast.</param>
    /// <returns>The storage with the layer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below <see cref="BandwidthOptions.LeastBytesPerSecond"/>.</exception>
    public static IStorage WithBandwidthLimit(this IStorage storage, BandwidthOptions options)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new BandwidthStorage(
            storage,
            options.WrittenPerSecond is { } written ? ByteAllowance.PerSecond(written) : null,
            options.ReadPerSecond is { } read ? ByteAllowance.PerSecond(read) : null);
    }

    /// <summary>Ends a call on which the storage does nothing for too long, with a transient <see cref="StorageErrorKind.Unavailable"/>.</summary>
    /// <param name="storage">The storage, which the layer takes over. It must heed its cancellation tokens: a call is cancelled, never abandoned.</param>
    /// <param name="timeout">How long it may do nothing. A read or write begins anew with each piece that it moves, and gets no time
    /// while it waits for its caller's pipe; so an object may be of any size. A listing begins anew with each entry.</param>
    /// <param name="timeProvider">The clock; <see langword="null"/> for the system's.</param>
    /// <returns>The storage with the layer.</returns>
    /// <remarks>A write that ends so may have been published or not, as with any lost answer.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The timeout is not positive, or is longer than a day.</exception>
    public static IStorage WithTimeout(this IStorage storage, TimeSpan timeout, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeSpan.FromDays(1));
        return new TimeoutStorage(storage, timeout, timeProvider ?? TimeProvider.System);
    }
}
