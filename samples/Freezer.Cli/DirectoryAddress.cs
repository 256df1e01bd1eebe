using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>A storage in a directory.</summary>
internal sealed record DirectoryAddress(string Path) : StorageAddress
{
    /// <inheritdoc/>
    internal override string Text => Path;

    /// <inheritdoc/>
    internal override bool IsThere => Directory.Exists(Path);

    /// <inheritdoc/>
    internal override Task<IStorage> OpenAsync(bool mayCreate, CancellationToken cancellationToken) =>
        File.Exists(Path) ? throw new IOException($"There is no storage at '{Path}': it is a file, and a directory is expected.")
        : mayCreate || IsThere ? OpenMemberAsync(mayCreate, cancellationToken)
        : throw new DirectoryNotFoundException($"There is no storage at '{Path}': there is no such directory.");

    /// <inheritdoc/>
    protected override Task<IStorage> OpenMemberAsync(bool mayCreate, CancellationToken cancellationToken) =>
        Task.FromResult<IStorage>(new FileStorage(Path, new FileStorageOptions { CreateRoot = mayCreate }));
}
