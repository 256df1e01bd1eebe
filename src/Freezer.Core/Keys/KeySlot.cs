namespace Freezer.Keys;

/// <summary>One of the keys that open a repository, as the storage tells of it.</summary>
public sealed record KeySlot
{
    /// <summary>The slot's name: a number.</summary>
    public required string Name { get; init; }

    /// <summary>The <see cref="IKeyProvider.Kind"/> of the key; empty where the slot is damaged.</summary>
    public string Kind { get; init; } = "";

    /// <summary>When the key was added, or last changed.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>Why the slot cannot be used, or <see langword="null"/> (as it should be).</summary>
    public string? Problem { get; init; }
}
