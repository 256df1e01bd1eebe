using System.Security.Cryptography;

namespace Freezer.Storage.S3;

/// <summary>The waits between the attempts of one request: each up to twice as long as the one before, shortened by chance, for as long as the options allow.</summary>
internal struct Backoff(TimeSpan retryFor, TimeProvider time)
{
    private static readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestDelay = TimeSpan.FromSeconds(10);

    private long _firstFailure;
    private int _failures;

    /// <summary>Counts a failure, and tells whether there is time for another attempt.</summary>
    internal bool MayRetry()
    {
        if (_failures++ == 0)
        {
            _firstFailure = time.GetTimestamp();
            return retryFor > TimeSpan.Zero;
        }

        return time.GetElapsedTime(_firstFailure) < retryFor;
    }

    /// <summary>Forgets the failures: there was progress.</summary>
    internal void Reset() => _failures = 0;

    internal readonly Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan longest = _firstDelay * Math.Pow(2, Math.Min(_failures - 1, 10));
        if (longest > _longestDelay)
        {
            longest = _longestDelay;
        }

        // Between a half and the whole, so that many clients do not come back at the same moment.
        return Task.Delay(longest * ((1 + (RandomNumberGenerator.GetInt32(1_000) / 1_000.0)) / 2), time, cancellationToken);
    }
}
