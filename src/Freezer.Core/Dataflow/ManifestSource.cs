using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow.Compression;
using Freezer.Storage;

namespace Freezer.Dataflow;

/// <summary>Where a backup's manifest object is, and how its frames are compressed.</summary>
internal sealed record ManifestOwner(StoredObject Manifest, ICompressionCodec Codec);

/// <summary>Finds the manifest object that frames are in.</summary>
/// <returns>The object; <see langword="null"/> where there is no such backup among those that may be referred to.</returns>
internal delegate ValueTask<ManifestOwner?> FindManifestOwner(FrameOwner owner, CancellationToken cancellationToken);

/// <summary>Reads a manifest from its own level's object and from those of the levels that it refers to, each frame verified.</summary>
/// <param name="storage">The storage, or one of its copies.</param>
/// <param name="index">The index of the level.</param>
/// <param name="findOwner">Finds the objects of the levels that may be referred to.</param>
internal sealed class ManifestSource(IStorage storage, LevelIndexReader index, FindManifestOwner findOwner)
{
    // Frames that stand one after another are fetched together, up to this many bytes.
    private const int LongestFetch = 2 << 20;

    /// <summary>Writes the manifest to a pipe.</summary>
    /// <param name="destination">Where its content goes; not completed.</param>
    /// <param name="seen">Collects the frames, before their content is given out; or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="InvalidDataException">A frame is damaged.</exception>
    internal async Task ReadAsync(PipeWriter destination, ManifestFrameSet? seen, CancellationToken cancellationToken)
    {
        // The next fetch runs while the frames of the one before are decompressed.
        Task<Fetched>? ahead = null;
        try
        {
            await foreach (FetchPlan plan in PlanAsync(cancellationToken).ConfigureAwait(false))
            {
                Task<Fetched> next = FetchAsync(plan, cancellationToken);
                if (ahead is not null)
                {
                    Task<Fetched> current = ahead;
                    ahead = next;
                    using Fetched fetched = await current.ConfigureAwait(false);
                    await WriteAsync(fetched, destination, seen, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    ahead = next;
                }
            }

            if (ahead is not null)
            {
                Task<Fetched> last = ahead;
                ahead = null;
                using Fetched fetched = await last.ConfigureAwait(false);
                await WriteAsync(fetched, destination, seen, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (ahead is not null)
            {
                await DiscardAsync(ahead).ConfigureAwait(false);
            }
        }
    }

    private async IAsyncEnumerable<FetchPlan> PlanAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var frames = new List<ManifestFrame>();
        long end = 0;
        await foreach (ManifestFrame frame in index.ReadManifestFramesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (frames.Count > 0
                && (frame.Owner != frames[0].Owner || frame.StoredOffset != end || end + frame.Frame.StoredLength - frames[0].StoredOffset > LongestFetch))
            {
                yield return new FetchPlan([.. frames]);
                frames.Clear();
            }

            frames.Add(frame);
            end = frame.StoredOffset + frame.Frame.StoredLength;
        }

        if (frames.Count > 0)
        {
            yield return new FetchPlan([.. frames]);
        }
    }

    private async Task<Fetched> FetchAsync(FetchPlan plan, CancellationToken cancellationToken)
    {
        ManifestFrame first = plan.Frames[0];
        ManifestOwner owner = await findOwner(first.Owner, cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidDataException($"The index refers to the manifest of backup {first.Owner.Id:N}, which is not in the chain.");

        int length = plan.Frames.Sum(static frame => frame.Frame.StoredLength);
        FrameBuffer stored = await owner.Manifest.UseAsync(
            storage, manifest => manifest.ReadRangeAsync(first.StoredOffset, length, cancellationToken)).ConfigureAwait(false);
        return new Fetched(plan, owner, stored);
    }

    private static async Task WriteAsync(Fetched fetched, PipeWriter destination, ManifestFrameSet? seen, CancellationToken cancellationToken)
    {
        int offset = 0;
        foreach (ManifestFrame frame in fetched.Plan.Frames)
        {
            seen?.Add(frame);
            byte[] content = ArrayPool<byte>.Shared.Rent(frame.Frame.ContentLength + 1);
            try
            {
                Decompress(fetched, offset, frame, content);
                FlushResult flush = await destination.WriteAsync(content.AsMemory(0, frame.Frame.ContentLength), cancellationToken).ConfigureAwait(false);
                if (flush.IsCompleted)
                {
                    return;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(content);
            }

            offset += frame.Frame.StoredLength;
        }
    }

    private static void Decompress(Fetched fetched, int offset, ManifestFrame frame, byte[] content)
    {
        using Stream compressed = fetched.OpenStored(offset, frame.Frame.StoredLength);
        using Stream decompressor = fetched.Owner.Codec.OpenDecompressor(compressed);
        // One byte more than there should be, so that a frame that goes on is noticed.
        int read = decompressor.ReadAtLeast(content.AsSpan(0, frame.Frame.ContentLength + 1), frame.Frame.ContentLength + 1, throwOnEndOfStream: false);
        if (read != frame.Frame.ContentLength || !Sha256Digest.Of(content.AsSpan(0, read)).Equals(frame.Digest))
        {
            throw new InvalidDataException(
                $"The manifest {fetched.Owner.Manifest.Key} is damaged: the frame at byte {frame.StoredOffset} does not hold what the index says.");
        }
    }

    private static async Task DiscardAsync(Task<Fetched> fetch)
    {
        await fetch.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
        if (fetch.IsCompletedSuccessfully)
        {
            (await fetch.ConfigureAwait(false)).Dispose();
        }
    }

    private sealed record FetchPlan(ManifestFrame[] Frames);

    private sealed class Fetched(FetchPlan plan, ManifestOwner owner, FrameBuffer stored) : IDisposable
    {
        internal FetchPlan Plan => plan;

        internal ManifestOwner Owner => owner;

        internal Stream OpenStored(int offset, int length) => stored.OpenRead(offset, length);

        public void Dispose() => stored.Dispose();
    }
}
