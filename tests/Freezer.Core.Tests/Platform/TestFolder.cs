using System.Diagnostics;
using System.Text;

namespace Freezer.Tests.Platform;

/// <summary>A directory that a test works in. It is removed with <c>rm -rf</c> where the base class library cannot: too deep, not text.</summary>
internal sealed class TestFolder : IDisposable
{
    internal TestFolder() => Path = Directory.CreateTempSubdirectory("freezer-platform-").FullName;

    internal string Path { get; }

    internal string this[string name] => System.IO.Path.Join(Path, name);

    internal string AddFile(string name, string content = "")
    {
        string path = this[name];
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(content));
        return path;
    }

    internal string AddDirectory(string name) => Directory.CreateDirectory(this[name]).FullName;

    internal string AddLink(string name, string target) => File.CreateSymbolicLink(this[name], target).FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception) when (!OperatingSystem.IsWindows())
        {
            using var process = Process.Start("rm", ["-rf", Path]);
            process.WaitForExit();
        }
    }
}
