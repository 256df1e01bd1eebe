namespace Freezer.Storage;

/// <summary>What kind of failure a <see cref="StorageException"/> tells of.</summary>
public enum StorageErrorKind
{
    /// <summary>None of the kinds below; the inner exception tells more.</summary>
    Unknown,

    /// <summary>There is no object of this name.</summary>
    NotFound,

    /// <summary>An object of this name exists, and the write was to create a new one.</summary>
    AlreadyExists,

    /// <summary>The object is there, but not in the version that was asked for.</summary>
    VersionMismatch,

    /// <summary>The range does not lie within the object.</summary>
    OutOfRange,

    /// <summary>The storage refuses this to the user or the credentials in use.</summary>
    AccessDenied,

    /// <summary>The storage is full, or a quota is used up.</summary>
    NoSpace,

    /// <summary>The object is larger than the storage takes.</summary>
    TooLarge,

    /// <summary>The storage cannot be reached, or does not answer in time.</summary>
    Unavailable,

    /// <summary>What is stored is not what was written.</summary>
    Corrupt,

    /// <summary>The storage cannot do what was asked, by design.</summary>
    Unsupported,

    /// <summary>Too few storages of a mirror did what was asked, or can be asked. Nothing was acknowledged.</summary>
    BelowQuorum,
}

/// <summary>A storage could not do what it was asked to.</summary>
public sealed class StorageException : IOException
{
    /// <summary>Makes an error of a kind.</summary>
    /// <param name="kind">What kind of failure it is.</param>
    /// <param name="key">The object or prefix concerned, or <see langword="null"/> where it is the storage as a whole.</param>
    /// <param name="message">What failed and what to do; the key need not be in it.</param>
    /// <param name="isTransient">Whether the same call may succeed later. Unknown errors are not transient.</param>
    /// <param name="innerException">The root cause.</param>
    public StorageException(StorageErrorKind kind, string? key, string message, bool isTransient = false, Exception? innerException = null)
        : base(key is null ? message : $"{key}: {message}", innerException)
    {
        Kind = kind;
        Key = key;
        IsTransient = isTransient;
    }

    /// <summary>What kind of failure it is.</summary>
    public StorageErrorKind Kind { get; }

    /// <summary>The object or prefix concerned, or <see langword="null"/>.</summary>
    public string? Key { get; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient { get; }

    /// <summary>Whether a write that failed so may have been done all the same: its answer was lost, or it was repeated and met itself. Whoever wants to know
    /// reads the object back. What a storage says of its own doing, such as that a disk failed, is believed.</summary>
    internal bool LeavesOutcomeOpen =>
        // What too few storages of a mirror have is not written, though it can be read.
        Kind != StorageErrorKind.BelowQuorum && (IsTransient || Kind is StorageErrorKind.Unavailable or StorageErrorKind.AlreadyExists);

    internal static StorageException NotFound(StorageKey key) =>
        new(StorageErrorKind.NotFound, key.Value, "there is no such object");

    internal static StorageException AlreadyExists(StorageKey key) =>
        new(StorageErrorKind.AlreadyExists, key.Value, "an object of this name exists already; it is unchanged");
}
