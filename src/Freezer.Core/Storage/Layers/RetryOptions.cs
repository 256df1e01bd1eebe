namespace Freezer.Storage;

/// <summary>How often, and after which waits, a storage is asked again. See <see cref="StorageLayers.WithRetry"/>.</summary>
public sealed record RetryOptions
{
    /// <summary>The defaults.</summary>
    public static RetryOptions Default { get; } = new();

    /// <summary>How many times in a row a call may be tried without any progress, the first time included; 5 by default.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The wait after the first failure, half a second by default; it doubles with each further one. Each wait is shortened by
    /// chance, by up to a half, so that many clients do not come back at the same moment.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait; 30 seconds by default.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock that waits; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Attempts, nameof(Attempts));
        ArgumentOutOfRangeException.ThrowIfLessThan(FirstDelay, TimeSpan.Zero, nameof(FirstDelay));
        ArgumentOutOfRangeException.ThrowIfLessThan(LongestDelay, FirstDelay, nameof(LongestDelay));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LongestDelay, TimeSpan.FromDays(1), nameof(LongestDelay));
        ArgumentNullException.ThrowIfNull(TimeProvider, nameof(TimeProvider));
    }
}
