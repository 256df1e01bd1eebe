using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>A storage in a directory.</summary>
internal sealed record DirectoryAddress(string Path) : StorageAddress
{
    /// <inheritdoc/>
    internal override Task<IStorage> OpenAsync(bool mayCreate, CancellationToken cancellationToken) => mayCreate || Directory.Exists(Path)
        ? Task.FromResult<IStorage>(new FileStorage(Path, new FileStorageOptions { CreateRoot = mayCreate }))
        : throw new DirectoryNotFoundException($"There is no storage at '{Path}': there is no such directory.");
}
