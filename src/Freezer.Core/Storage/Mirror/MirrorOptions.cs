namespace Freezer.Storage;

/// <summary>How a <see cref="MirrorStorage"/> writes.</summary>
public sealed record MirrorOptions
{
    /// <summary>The defaults: every storage has to take every write.</summary>
    public static MirrorOptions Default { get; } = new();

    /// <summary>How many storages have to take a write for it to succeed: more than half of them. <see langword="null"/> (the default) for all.</summary>
    public int? Quorum { get; init; }

    /// <summary>How many bytes may wait for each storage in each write; 4 MiB by default. So far a slow storage may fall behind
    /// before the others wait for it.</summary>
    public int QueueSize { get; init; } = 4 << 20;

    /// <summary>How long the others wait for a storage that takes nothing, before it is left out of the write; a minute by default. Ten times as long, and a minute
    /// at least, they wait for one that has all of the content to publish it, or to delete an object. Where the quorum could not do without it, they wait for as long as it takes.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The clock; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate(int members)
    {
        int quorum = Quorum ?? members;
        if (quorum > members || quorum <= members / 2)
        {
            throw new ArgumentException(
                $"The quorum of {members} storages is more than half of them, from {(members / 2) + 1} to {members}, and not {quorum}: two writers that each had fewer could both win.");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueSize, nameof(QueueSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(Patience, TimeSpan.Zero, nameof(Patience));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Patience, TimeSpan.FromDays(1), nameof(Patience));
        ArgumentNullException.ThrowIfNull(TimeProvider, nameof(TimeProvider));
    }
}
