using Freezer.Storage;

namespace Freezer.Tests.Storage;

/// <summary>A directory of a test's own, removed with all that is in it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("freezer-storage-").FullName;

    internal string this[string relative] => System.IO.Path.Join(Path, relative);

    /// <summary>All files and directories below, as relative paths in ordinal order.</summary>
    internal string[] Everything() =>
        [.. Directory.EnumerateFileSystemEntries(Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => System.IO.Path.GetRelativePath(Path, path)).Order(StringComparer.Ordinal)];

    internal string[] Temporaries() =>
        [.. Everything().Where(path => FileStorageNames.IsTemporary(System.IO.Path.GetFileName(path)))];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
