namespace Freezer.Storage;

/// <summary>A number of whole key segments, possibly none: what <see cref="IStorage.ListAsync"/> lists below.</summary>
public readonly struct StoragePrefix : IEquatable<StoragePrefix>
{
    private readonly string? _value;

    private StoragePrefix(string value) => _value = value;

    /// <summary>The prefix that every key is below.</summary>
    public static StoragePrefix Root => default;

    /// <summary>The prefix as text, without a slash at its end; empty for <see cref="Root"/>.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes a prefix of a text; empty text is <see cref="Root"/>.</summary>
    /// <param name="value">Segments separated by <c>/</c>, under the rules of <see cref="StorageKey"/>.</param>
    /// <exception cref="ArgumentException">The text is not a valid prefix; the message says why.</exception>
    public static StoragePrefix Parse(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length == 0 ? Root
            : StoragePath.Check(value) is { } reason
            ? throw new ArgumentException($"'{StoragePath.Printable(value)}' is not a storage prefix: {reason}.", nameof(value))
            : new StoragePrefix(value);
    }

    /// <inheritdoc/>
    public bool Equals(StoragePrefix other) => Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StoragePrefix other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>The prefix as text.</summary>
    public override string ToString() => Value;

    /// <summary>Whether two prefixes are the same.</summary>
    public static bool operator ==(StoragePrefix left, StoragePrefix right) => left.Equals(right);

    /// <summary>Whether two prefixes differ.</summary>
    public static bool operator !=(StoragePrefix left, StoragePrefix right) => !left.Equals(right);
}
