namespace Freezer.Storage;

/// <summary>What is read of an object.</summary>
public sealed record ReadOptions
{
    /// <summary>The whole object, whichever version it is.</summary>
    public static ReadOptions Whole { get; } = new();

    /// <summary>The first byte that is read; 0 by default. Equal to the object's length it reads nothing.</summary>
    public long Offset { get; init; }

    /// <summary>How many bytes are read, or <see langword="null"/> (the default) for all up to the end. A range that
    /// reaches past the end fails with <see cref="StorageErrorKind.OutOfRange"/>; it is never shortened.</summary>
    public long? Length { get; init; }

    /// <summary>The only version that is wanted, or <see langword="null"/> (the default) for any. Another version fails
    /// with <see cref="StorageErrorKind.VersionMismatch"/>.</summary>
    public string? Version { get; init; }

    /// <summary>A range of an object.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    public static ReadOptions Range(long offset, long length) => new() { Offset = offset, Length = length };
}
