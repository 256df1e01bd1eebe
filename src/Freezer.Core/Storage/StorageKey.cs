using System.Diagnostics.CodeAnalysis;

namespace Freezer.Storage;

/// <summary>The name of an object: relative, segments separated by <c>/</c>, unable to leave the storage's root.</summary>
/// <remarks>
/// A segment is 1 to 255 bytes of UTF-8 without control characters, <c>/</c> or <c>\</c>, and is not <c>.</c> or
/// <c>..</c>. A key is at most 1,024 bytes, which every object store takes. Keys compare by their bytes.
/// </remarks>
public readonly struct StorageKey : IEquatable<StorageKey>, IComparable<StorageKey>
{
    private readonly string? _value;

    private StorageKey(string value) => _value = value;

    /// <summary>The key as text. Empty only for <see langword="default"/>.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes a key of a text.</summary>
    /// <param name="value">The text, for example <c>data/tar/home/1700000000/0_1700000000/data</c>.</param>
    /// <exception cref="ArgumentException">The text is not a valid key; the message says why.</exception>
    public static StorageKey Parse(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return StoragePath.Check(value) is { } reason
            ? throw new ArgumentException($"'{StoragePath.Printable(value)}' is not a storage key: {reason}.", nameof(value))
            : new StorageKey(value);
    }

    /// <summary>Makes a key of a text, where it is valid.</summary>
    /// <param name="value">The text.</param>
    /// <param name="key">The key.</param>
    public static bool TryParse([NotNullWhen(true)] string? value, out StorageKey key)
    {
        bool valid = value is not null && StoragePath.Check(value) is null;
        key = valid ? new StorageKey(value!) : default;
        return valid;
    }

    /// <summary>Whether the key lies below a prefix.</summary>
    /// <param name="prefix">Whole segments; the empty prefix holds every key.</param>
    public bool IsBelow(StoragePrefix prefix)
    {
        string start = prefix.Value;
        return start.Length == 0
            || (Value.Length > start.Length && Value[start.Length] == '/' && Value.StartsWith(start, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public int CompareTo(StorageKey other) => StoragePath.Compare(Value, other.Value);

    /// <inheritdoc/>
    public bool Equals(StorageKey other) => Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StorageKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    /// <summary>The key as text.</summary>
    public override string ToString() => Value;

    /// <summary>Whether two keys are the same.</summary>
    public static bool operator ==(StorageKey left, StorageKey right) => left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(StorageKey left, StorageKey right) => !left.Equals(right);

    /// <summary>Whether the left key sorts before the right one.</summary>
    public static bool operator <(StorageKey left, StorageKey right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left key sorts after the right one.</summary>
    public static bool operator >(StorageKey left, StorageKey right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left key sorts before the right one or is the same.</summary>
    public static bool operator <=(StorageKey left, StorageKey right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left key sorts after the right one or is the same.</summary>
    public static bool operator >=(StorageKey left, StorageKey right) => left.CompareTo(right) >= 0;
}
