using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>What is stored is restored without this library: by GNU tar level by level, and by bsdtar as far as it goes.</summary>
public sealed class GnuTarReplayTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task GNU_tar_replays_a_chain_with_everything()
    {
        Tool.Require("zstd");
        await ReplayAsync(
            Compression.Zstd,
            "zstd -d < \"$1\" | tar --listed-incremental=/dev/null --xattrs '--xattrs-include=*' --numeric-owner --preserve-permissions -x -C \"$2\"",
            TreeAspects.All);
    }

    /// <summary>A Freezer agent asks for no attributes. It runs as root, for whom the last two options change nothing here.</summary>
    [SkippableFact]
    public async Task The_command_of_a_Freezer_agent_replays_a_gzip_chain()
    {
        Tool.Require("gzip");
        await ReplayAsync(
            Compression.Gzip,
            "tar -z --incremental --extract --ignore-zeros --warning=none --overwrite --numeric-owner --preserve-permissions -f \"$1\" --directory \"$2\"",
            TreeAspects.All & ~TreeAspects.Attributes);
    }

    /// <summary>libarchive does not undo the escapes in names of attributes, and sets access lists only from its own keywords. It takes é in
    /// one character and in two for one name, rounds times before 1970 that have a fraction up, and leaves the time of the top directory.</summary>
    [SkippableFact]
    public async Task Bsdtar_lists_and_extracts_a_full_backup()
    {
        Tool.Require("zstd");
        Tool.Require("bsdtar");
        (Store store, string source, _) = Make();
        BackupResult full = await store.OpenEngine().BackupAsync(source, store.Name, new BackupOptions { Compression = Compression.Zstd });
        TreeSnapshot tree = TreeSnapshot.Take(source, TreeAspects.All & ~TreeAspects.Attributes);
        string data = store.PathOf(full.Backup, "data");
        string target = _scratch.Make("target");

        // A line for each member: line ends in names are escaped.
        string[] listing = Shell("zstd -d < \"$1\" | bsdtar -tf -", data).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        listing.Should().HaveCount(tree.Entries.Count);
        Shell("zstd -d < \"$1\" | bsdtar -xpf - --numeric-owner -C \"$2\"", data, target);

        string[] notKept = [".: is", "odd/past: is", "odd/past-folder: is", "odd/names/\u00e9: missing", "odd/names/e\u0301: missing"];
        tree.DifferencesTo(TreeSnapshot.Take(target, TreeAspects.All & ~TreeAspects.Attributes))
            .Where(difference => !notKept.Any(start => difference.StartsWith(start, StringComparison.Ordinal)))
            .Should().BeEmpty();
    }

    private async Task ReplayAsync(Compression compression, string command, TreeAspects aspects)
    {
        Tool.Require("tar");
        Skip.IfNot(Tool.Run("tar", ["--version"]).StartsWith("tar (GNU tar)", StringComparison.Ordinal), "tar is not GNU tar");
        (Store store, string source, SyntheticTree tree) = Make();
        string target = _scratch.Make("target");
        for (int level = 0; level <= SyntheticTree.Rounds; level++)
        {
            if (level > 0)
            {
                tree.Change(level);
            }

            BackupResult result = await store.OpenEngine().BackupAsync(source, store.Name, new BackupOptions { Compression = compression });
            Shell(command, store.PathOf(result.Backup, "data"), target);

            TreeSnapshot.Take(source, aspects).DifferencesTo(TreeSnapshot.Take(target, aspects)).Should().BeEmpty("this is level {0}", level);
        }
    }

    private (Store Store, string Source, SyntheticTree Tree) Make()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the tree is one that only Linux can have");
        string source = _scratch.Make("source");
        return (new Store(Path.Combine(_scratch.Path, "store")), source, new SyntheticTree(source, seed: 3, beyondTar: false));
    }

    private static string Shell(string command, params string[] arguments)
    {
        Tool.Require("bash");
        return Tool.Run("bash", ["-c", $"set -eu -o pipefail; {command}", "bash", .. arguments]);
    }
}
