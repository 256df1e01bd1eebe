using System.IO.Pipelines;
using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Restore;

namespace Freezer.Engines.Tar.Verify;

/// <summary>The manifest of a verified parent, read in step with that of its child.</summary>
internal sealed class ParentTree(PipeReader manifest, Backup level)
{
    private readonly LevelManifest _manifest = new(manifest, level);
    private bool _isOpen;
    private bool _hasBlock;
    private bool _isAtDirectory;

    /// <summary>Goes to a directory; those that are asked for ascend.</summary>
    internal async ValueTask SeekAsync(EntryPath directory, CancellationToken cancellationToken)
    {
        if (!_isOpen)
        {
            _isOpen = true;
            await _manifest.OpenAsync(cancellationToken).ConfigureAwait(false);
            _hasBlock = await _manifest.ReadBlockAsync(cancellationToken).ConfigureAwait(false);
        }

        while (_hasBlock && _manifest.Block.Path < directory)
        {
            _hasBlock = await _manifest.ReadBlockAsync(cancellationToken).ConfigureAwait(false);
        }

        _isAtDirectory = _hasBlock && _manifest.Block.Path == directory;
    }

    /// <summary>Whether the directory has a file of this name with the same content in the same place.</summary>
    internal bool Has(ReadOnlySpan<byte> name, in TarManifestRecord record)
    {
        if (!_isAtDirectory || _manifest.Block.Find(name) is not (>= 0 and int index))
        {
            return false;
        }

        TarManifestRecord known = _manifest.Block.Record(index);
        return known.Kind == record.Kind && known.IsStored && known.Content == record.Content && known.Digest.Equals(record.Digest)
            && known.StoredSize == record.StoredSize && known.IsLaterName == record.IsLaterName;
    }
}
