using System.Threading.RateLimiting;

namespace Freezer.Storage;

/// <summary>Gives out bytes at a rate: one permit of a limiter is one byte.</summary>
/// <param name="limiter">The limiter, which the allowance takes over.</param>
/// <param name="pieceSize">How many permits the limiter gives out at once, at most.</param>
internal sealed class ByteAllowance(RateLimiter limiter, int pieceSize) : IAsyncDisposable
{
    private const int PeriodsPerSecond = 20;

    /// <summary>The most that moves in one go: what is taken in large pieces comes in bursts.</summary>
    internal int PieceSize => pieceSize;

    /// <summary>An allowance of so many bytes per second, of which a period's are given out at once.</summary>
    internal static ByteAllowance PerSecond(long bytes)
    {
        int period = (int)Math.Min(bytes / PeriodsPerSecond, int.MaxValue);
        return new ByteAllowance(
            new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
            {
                TokenLimit = period,
                TokensPerPeriod = period,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1) / PeriodsPerSecond,
                QueueLimit = int.MaxValue,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            }),
            period);
    }

    /// <summary>Waits until so many bytes may move.</summary>
    internal async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        while (bytes > 0)
        {
            int piece = (int)Math.Min(bytes, pieceSize);
            using RateLimitLease lease = await limiter.AcquireAsync(piece, cancellationToken).ConfigureAwait(false);
            if (!lease.IsAcquired)
            {
                throw new StorageException(StorageErrorKind.Unavailable, null, "too many operations wait for the bandwidth limit; try again with fewer", isTransient: true);
            }

            bytes -= piece;
        }
    }

    public ValueTask DisposeAsync() => limiter.DisposeAsync();
}
