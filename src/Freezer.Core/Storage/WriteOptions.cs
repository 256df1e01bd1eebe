namespace Freezer.Storage;

/// <summary>What a write may do to an object that is already there.</summary>
public enum WriteMode
{
    /// <summary>Fails with <see cref="StorageErrorKind.AlreadyExists"/> where the key is taken.</summary>
    CreateNew,

    /// <summary>Puts the new object in the place of the old one, in one step.</summary>
    Replace,
}

/// <summary>How an object is written.</summary>
public sealed record WriteOptions
{
    /// <summary>Creates the object; fails where the key is taken.</summary>
    public static WriteOptions CreateNew { get; } = new();

    /// <summary>Creates the object, or replaces the one that is there.</summary>
    public static WriteOptions Replace { get; } = new() { Mode = WriteMode.Replace };

    /// <summary>What happens where the key is taken; <see cref="WriteMode.CreateNew"/> by default.</summary>
    public WriteMode Mode { get; init; }

    /// <summary>The length in bytes that the content will probably have, or <see langword="null"/>. Only a hint: it never cuts nor fails a write.</summary>
    public long? LengthHint { get; init; }
}
