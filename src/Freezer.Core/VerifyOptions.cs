namespace Freezer;

/// <summary>How deeply backups are verified. Each depth includes those before it.</summary>
public enum VerifyDepth
{
    /// <summary>Documents and chains, and whether every object is there with the length that its commit says. Reads no archive.</summary>
    Structure,

    /// <summary>Every byte of every object against its digest. Needs no key.</summary>
    Stored,

    /// <summary>Decrypts, decompresses and parses, and compares every file or block with the digest in the manifest, without writing anything.</summary>
    Content,
}

/// <summary>What is verified, and how deeply.</summary>
public sealed record VerifyOptions
{
    /// <summary>The defaults: the newest backup, and all that it builds on, byte by byte.</summary>
    public static VerifyOptions Default { get; } = new();

    /// <summary>How deeply; <see cref="VerifyDepth.Stored"/> by default.</summary>
    public VerifyDepth Depth { get; init; } = VerifyDepth.Stored;

    /// <summary>Verifies the newest backup that was not taken after this instant. <see langword="null"/> (the default): the newest.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Verifies every backup rather than one. Excludes <see cref="To"/>. <see langword="false"/> by default.</summary>
    public bool All { get; init; }

    /// <summary>How many bytes may wait between two stages before the faster one is held; 1 MiB by default.</summary>
    public int QueueSize { get; init; } = 1 << 20;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueSize);
        if (!Enum.IsDefined(Depth))
        {
            throw new ArgumentOutOfRangeException(nameof(Depth), Depth, "There is no such depth.");
        }

        if (All && To is not null)
        {
            throw new ArgumentException($"{nameof(All)} and {nameof(To)} exclude one another: verify every backup, or that of a date.");
        }
    }
}
