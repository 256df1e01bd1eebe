using System.Security.Cryptography;

namespace Freezer.Storage;

/// <summary>The failures of one call in a row, and the waits between them.</summary>
internal sealed class Backoff(RetryOptions options)
{
    private const int Steps = 1 << 20;

    private int _failures;
    private int _replacements;

    /// <summary>Forgets the failures: something was achieved since.</summary>
    internal void Reset() => _failures = 0;

    /// <summary>Whether trying again may help, and has not been tried often enough.</summary>
    internal bool MayRetry(StorageException failure) => failure.IsTransient && _failures < options.Attempts - 1;

    /// <summary>Counts that an object was replaced between two calls, and tells whether that may go on.</summary>
    internal bool MayBeReplaced() => _replacements++ < options.Attempts;

    internal Task WaitAsync(CancellationToken cancellationToken)
    {
        double wait = options.FirstDelay.Ticks * Math.Pow(2, _failures++);
        double chance = 1 - (RandomNumberGenerator.GetInt32(Steps) / (2.0 * Steps));
        var delay = TimeSpan.FromTicks((long)(Math.Min(wait, options.LongestDelay.Ticks) * chance));
        return Task.Delay(delay, options.TimeProvider, cancellationToken);
    }
}
