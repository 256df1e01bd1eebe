using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>The parent's blocks, in step with the source's. At level 0 there is no parent, which is as good as one that is all zeros.</summary>
internal sealed class ParentBlocks(BlockManifestReader? manifest)
{
    private long _used;
    private long _left = manifest is null ? long.MaxValue : 0;

    /// <summary>Whether the blocks at hand are zero.</summary>
    internal bool IsZero => manifest is null || manifest.Run.IsZero;

    /// <summary>The backup whose archive holds the blocks at hand.</summary>
    internal Guid BackupId => manifest!.Run.BackupId;

    /// <summary>Makes sure that there are blocks at hand.</summary>
    /// <returns>How many of one kind.</returns>
    internal async ValueTask<long> PeekAsync(CancellationToken cancellationToken)
    {
        if (_left == 0)
        {
            if (!await manifest!.ReadRunAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new BlockManifestException("It has fewer blocks than the volume.");
            }

            _used = 0;
            _left = manifest.Run.Count;
        }

        return _left;
    }

    /// <summary>Where the content of one of the blocks at hand begins in its archive.</summary>
    internal long ArchiveOffsetOf(long index, int blockSize) => manifest!.Run.ArchiveOffset + ((_used + index) * blockSize);

    internal ref readonly Sha256Digest DigestOf(long index) => ref manifest!.Digests[(int)(_used + index)];

    internal void Advance(long count)
    {
        _used += count;
        _left -= count;
    }

    /// <summary>Makes sure that the manifest ends where the volume does.</summary>
    internal async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        if (manifest is not null && await manifest.ReadRunAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new BlockManifestException("It has more blocks than the volume.");
        }
    }
}
