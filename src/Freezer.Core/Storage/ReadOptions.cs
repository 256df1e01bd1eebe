namespace Freezer.Storage;

/// <summary>What is read of an object.</summary>
public sealed record ReadOptions
{
    /// <summary>The whole object, whichever version it is.</summary>
    public static ReadOptions Whole { get; } = new();

    /// <summary>The first byte that is read; 0 by default. Equal to the object's length it reads nothing.</summary>
    public long Offset
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>How many bytes are read, or <see langword="null"/> (the default) for all up to the end. A range that
    /// reaches past the end fails with <see cref="StorageErrorKind.OutOfRange"/>; it is never shortened.</summary>
    public long? Length
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value.GetValueOrDefault());
            field = value;
        }
    }

    /// <summary>The only version that is wanted, or <see langword="null"/> (the default) for any. Another version fails
    /// with <see cref="StorageErrorKind.VersionMismatch"/>.</summary>
    public string? Version { get; init; }

    /// <summary>A range of an object.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative.</exception>
    public static ReadOptions Range(long offset, long length) => new() { Offset = offset, Length = length };

    /// <summary>Checks what is asked for against the object that is there: what a storage does before it reads.</summary>
    /// <param name="entry">The object.</param>
    /// <returns>The first byte and the number of bytes; they lie within the object.</returns>
    /// <exception cref="StorageException">It is another version (<see cref="StorageErrorKind.VersionMismatch"/>), or the range
    /// does not lie within it (<see cref="StorageErrorKind.OutOfRange"/>).</exception>
    public (long Offset, long Length) Resolve(StorageEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (Version is not null && Version != entry.Version)
        {
            throw new StorageException(StorageErrorKind.VersionMismatch, entry.Key.Value,
                $"version {Version} was asked for, version {entry.Version} is there");
        }

        // Subtracted rather than added, since the sum may overflow.
        if (Offset > entry.Length || Length > entry.Length - Offset)
        {
            throw new StorageException(StorageErrorKind.OutOfRange, entry.Key.Value,
                $"{(Length is { } length ? $"{length} bytes" : "the rest")} from byte {Offset} were asked for, it has {entry.Length} bytes");
        }

        return (Offset, Length ?? entry.Length - Offset);
    }
}
