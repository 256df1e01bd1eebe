namespace Freezer.Storage;

/// <summary>The ability of a storage to remove what writers that died have left in it. See <see cref="IStorage.GetFeature{TFeature}"/>.</summary>
public interface IStorageSweeper
{
    /// <summary>Removes what writers left behind that died before they published: never an object, never the work of a
    /// writer that lives.</summary>
    /// <param name="olderThan">The least age by the storage's own clock; what is younger stays. Give it more time than
    /// a writer may be stalled, a day for one.</param>
    /// <param name="cancellationToken">Cancels the sweep; what was removed by then stays removed.</param>
    /// <returns>How many leftovers were removed.</returns>
    /// <exception cref="StorageException">The storage cannot be read or changed.</exception>
    Task<int> SweepAsync(TimeSpan olderThan, CancellationToken cancellationToken = default);
}
