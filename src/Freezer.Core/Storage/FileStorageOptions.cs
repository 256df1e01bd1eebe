namespace Freezer.Storage;

/// <summary>How a <see cref="FileStorage"/> keeps its directory.</summary>
public sealed record FileStorageOptions
{
    /// <summary>Whether the first write makes the root where it is missing; <see langword="true"/> by default. Without it
    /// a missing root, a disk that is not mounted for one, fails every call with
    /// <see cref="StorageErrorKind.Unavailable"/> instead of looking like an empty storage.</summary>
    public bool CreateRoot { get; init; } = true;

    /// <summary>The permissions of new objects on Unix, less the process's umask; by default the owner alone reads and
    /// writes, since backups hold secrets. No meaning on Windows, where a file inherits from its directory.</summary>
    public UnixFileMode FileMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The permissions of new directories on Unix, less the process's umask; by default for the owner alone.
    /// No meaning on Windows.</summary>
    public UnixFileMode DirectoryMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}
