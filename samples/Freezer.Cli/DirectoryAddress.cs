using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>A storage in a directory.</summary>
internal sealed record DirectoryAddress(string Path) : StorageAddress
{
    /// <inheritdoc/>
    internal override string Name => Path;

    /// <inheritdoc/>
    internal override Task<IStorage> OpenAsync(bool mayCreate, CancellationToken cancellationToken) => mayCreate || Directory.Exists(Path)
        ? Task.FromResult<IStorage>(Open(mayCreate))
        : throw new DirectoryNotFoundException($"There is no storage at '{Path}': there is no such directory.");

    /// <summary>Opens the storage whether the directory is there or not.</summary>
    internal FileStorage Open(bool mayCreate) => new(Path, new FileStorageOptions { CreateRoot = mayCreate });
}
