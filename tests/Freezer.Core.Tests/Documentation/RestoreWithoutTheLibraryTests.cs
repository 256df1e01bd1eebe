using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Documentation;

/// <summary>What docs/formats.md says about doing without the library, done.</summary>
public sealed class RestoreWithoutTheLibraryTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task The_commands_of_the_documentation_restore_a_chain()
    {
        Tool.Require("bash", "tar", "zstd");
        string source = _scratch.Make("source");
        string destination = _scratch.Make("destination");
        await using var storage = new FileStorage(Path.Combine(_scratch.Path, "store"));
        var engine = new TarEngine(storage);
        var options = new BackupOptions { Compression = Compression.Zstd };

        Write("kept", "stays");
        Write("gone", "goes");
        Write("folder/changed", "before");
        BackupResult full = await engine.BackupAsync(source, "documents", options);
        File.Delete(Path.Combine(source, "gone"));
        Write("folder/changed", "after, and longer");
        await engine.BackupAsync(source, "documents", options);
        Write("folder/new/file", "of level 2");
        (await engine.BackupAsync(source, "documents", options)).Backup.Level.Should().Be(2);

        string script = string.Join('\n', new MarkdownDocument(Repository.PathOf("docs", "formats.md")).Blocks("sh", "Restoring a tree without this library"));
        string assignments = $"""
            set -eu
            STORE='{storage.Root}' NAME=documents CHAIN={full.Backup.Timestamp.ToUnixTimeSeconds()} DESTINATION='{destination}'

            """;
        Tool.Run("bash", ["-c", assignments + script]);

        TreeSnapshot.Take(source).DifferencesTo(TreeSnapshot.Take(destination)).Should().BeEmpty();

        void Write(string name, string content)
        {
            string path = Path.Combine(source, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }
}
