using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

/// <summary>A storage with a chain of three levels, made once by the program itself; tests that damage it take a copy.</summary>
public sealed class SampleRepository : IDisposable
{
    internal const string Name = "sample";

    private readonly ScratchDirectory _scratch = new();

    public SampleRepository()
    {
        string source = _scratch.Make("source");
        for (int level = 0; level < 3; level++)
        {
            File.WriteAllText(Path.Combine(source, $"file-{level}"), $"content of level {level}\n");
            Backups.Add(FreezerProgram.Run("backup", "--storage", Storage, "--name", Name, "--json", source).ShouldEndWith(0).Document);
        }
    }

    internal string Storage => Path.Combine(_scratch.Path, "store");

    /// <summary>What the program told of each level.</summary>
    internal List<JsonObject> Backups { get; } = [];

    internal string Timestamp(int level) => ((long)Backups[level]["timestamp"]!).ToString(CultureInfo.InvariantCulture);

    /// <summary>A copy of the storage that may be damaged.</summary>
    internal string CopyTo(string path)
    {
        Tool.Run("cp", ["-a", Storage, path]);
        return path;
    }

    /// <summary>The object of a level, as a file of a copy.</summary>
    internal string PathOf(string storage, int level, string role) => Path.Combine(
        storage, role == "metadata" ? "metadata" : "data", "tar", Name, Timestamp(0), $"{level}_{Timestamp(level)}", role);

    /// <summary>Changes a metadata document as somebody would who also mends its checksum.</summary>
    internal static void Rewrite(string path, string from, string to)
    {
        const string DigestMember = ",\"sha256\":";
        string text = File.ReadAllText(path).Replace(from, to, StringComparison.Ordinal);
        string open = text[..text.LastIndexOf(DigestMember, StringComparison.Ordinal)];
        File.WriteAllText(path, $"{open}{DigestMember}\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(open)))}\"}}");
    }

    public void Dispose() => _scratch.Dispose();
}
