using System.IO.Pipelines;
using Freezer.Engines.Tar.Manifest;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Reads the manifest of one level, and names the level where it cannot be read.</summary>
internal sealed class LevelManifest(PipeReader source, Backup level, int longestBlock = TarManifestFormat.LongestBlock)
{
    private readonly TarManifestReader _reader = new(source, longestBlock);

    /// <summary>The directory that was read last.</summary>
    internal TarManifestBlock Block => _reader.Block;

    /// <summary>Reads the header.</summary>
    /// <exception cref="BackupUnsupportedException">A later version of this library wrote the manifest.</exception>
    /// <exception cref="BackupDamagedException">It is not a manifest, or a damaged one.</exception>
    internal async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        int version;
        try
        {
            version = await _reader.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }

        if (version != TarManifestFormat.Version)
        {
            throw new BackupUnsupportedException($"The manifest of the backup {level} has format version {version}, which this version of the library does not read. Restore it with the version that made it.");
        }
    }

    /// <summary>Reads the next directory into <see cref="Block"/>; false at the end.</summary>
    /// <exception cref="BackupDamagedException">The manifest is damaged.</exception>
    internal async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
    }

    private BackupDamagedException Damaged(InvalidDataException reason) =>
        new($"The manifest of the backup {level} is damaged: {reason.Message}", reason);
}
