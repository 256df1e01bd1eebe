namespace Freezer.Tests.Support;

/// <summary>A directory of a test's own, gone with it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("freezer-test-").FullName;

    /// <summary>The path of something in it.</summary>
    internal string this[string relative] => System.IO.Path.Join(Path, relative);

    internal string Make(string name) => Directory.CreateDirectory(this[name]).FullName;

    /// <summary>All files and directories below, as relative paths in ordinal order.</summary>
    internal string[] Everything() =>
        [.. Directory.EnumerateFileSystemEntries(Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(path => System.IO.Path.GetRelativePath(Path, path)).Order(StringComparer.Ordinal)];

    // Names of any bytes, and directories that nobody may enter, are more than the base class library can remove.
    public void Dispose() => Tool.Run("rm", "-rf", "--", Path);
}
