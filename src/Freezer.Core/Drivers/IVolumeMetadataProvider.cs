namespace Freezer.Drivers;

/// <summary>The application's access to the metadata of its volumes.</summary>
/// <remarks>A driver may call it from any thread. What it throws surfaces as it is.</remarks>
public interface IVolumeMetadataProvider
{
    /// <summary>Gets all metadata of a volume.</summary>
    /// <param name="volumeId">The volume.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<VolumeMetadata> GetAsync(string volumeId, CancellationToken cancellationToken = default);

    /// <summary>Puts metadata to a volume that was restored.</summary>
    /// <param name="volumeId">The volume.</param>
    /// <param name="metadata">What is to be restored; of <see cref="VolumeMetadata.Base"/> only what the version of the document restores.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task PutAsync(string volumeId, VolumeMetadata metadata, CancellationToken cancellationToken = default);
}
