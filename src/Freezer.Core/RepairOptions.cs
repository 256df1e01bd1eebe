namespace Freezer;

/// <summary>What is repaired. A chain is repaired as a whole: its levels refer to one another.</summary>
public sealed record RepairOptions
{
    /// <summary>The defaults: the chain of the newest backup.</summary>
    public static RepairOptions Default { get; } = new();

    /// <summary>Repairs the chain of the newest backup that was not taken after this instant. <see langword="null"/> (the default): the newest.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Repairs every chain of the name rather than one. Excludes <see cref="To"/>. <see langword="false"/> by default.</summary>
    public bool All { get; init; }

    /// <summary>How many bytes may wait between two stages before the faster one is held; 1 MiB by default.</summary>
    public int QueueSize { get; init; } = 1 << 20;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueSize);
        if (All && To is not null)
        {
            throw new ArgumentException($"{nameof(All)} and {nameof(To)} exclude one another: repair every chain, or that of a date.");
        }
    }
}
