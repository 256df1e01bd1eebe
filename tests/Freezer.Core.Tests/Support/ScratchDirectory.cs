namespace Freezer.Tests.Support;

/// <summary>A directory of a test's own, gone with it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("freezer-test-").FullName;

    internal string Make(string name)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(path);
        return path;
    }

    // Names of any bytes, and directories that nobody may enter, are more than the base class library can remove.
    public void Dispose() => Tool.Run("rm", ["-rf", "--", Path]);
}
