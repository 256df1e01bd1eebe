using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>What GNU tar and bsdtar wrote is restored as they would restore it.</summary>
public sealed class RestoreGnuArchivesTests : IDisposable
{
    private readonly RestoreBench _bench = new();
    private readonly string _source;

    public RestoreGnuArchivesTests() => _source = _bench.MakeDirectory("source");

    public void Dispose() => _bench.Dispose();

    [SkippableTheory]
    [InlineData("posix")]
    [InlineData("gnu")]
    [InlineData("oldgnu")]
    [InlineData("ustar")]
    public async Task A_full_archive_restores_in_every_format(string format)
    {
        Tool.Require("tar");
        Fill();

        OperationReport run = await _bench.ReplayAsync(Tar([$"--format={format}", .. format == "ustar" ? (string[])[] : ["--sparse"]]));

        run.Skips.Should().BeEmpty();
        ShouldBeTheSource(format == "posix" ? TreeAspects.All & ~TreeAspects.Attributes : TreeAspects.Modes | TreeAspects.Owners | TreeAspects.HardLinks);
    }

    [SkippableTheory]
    [InlineData("pax")]
    [InlineData("ustar")]
    [InlineData("gnutar")]
    public async Task An_archive_of_bsdtar_restores(string format)
    {
        Tool.Require("bsdtar");
        Fill();
        string file = Path.Combine(_bench.Scratch, "archive");
        Tool.Run("bsdtar", ["--format", format, "-cf", file, "-C", _source, "."]);

        OperationReport run = await _bench.ReplayAsync(File.ReadAllBytes(file));

        run.Skips.Should().BeEmpty();
        ShouldBeTheSource(format == "pax" ? TreeAspects.All & ~TreeAspects.Attributes : TreeAspects.Modes | TreeAspects.Owners | TreeAspects.HardLinks);
    }

    [SkippableFact]
    public async Task Attributes_and_access_lists_come_back()
    {
        Tool.Require("tar", "setfattr", "setfacl");
        File.WriteAllText(Path.Combine(_source, "f"), "content");
        Directory.CreateDirectory(Path.Combine(_source, "d"));
        Tool.Run("setfattr", ["-n", "user.note", "-v", "0x00ff0a", Path.Combine(_source, "f")]);
        Tool.Run("setfacl", ["-m", "u:12345:rw,g:54321:r", Path.Combine(_source, "f")]);
        Tool.Run("setfacl", ["-d", "-m", "u:12345:rwx", Path.Combine(_source, "d")]);
        byte[] attributes = Tar("--format=posix", "--xattrs", "--xattrs-include=*");
        byte[] text = Tar("--format=posix", "--acls", "--xattrs", "--xattrs-include=user.*");

        (await _bench.ReplayAsync(attributes)).Skips.Should().BeEmpty();
        ShouldBeTheSource(TreeAspects.All);
        Directory.Delete(_bench.Root, recursive: true);
        OperationReport run = await _bench.ReplayAsync(text);
        run.Notes.Should().BeEmpty();
        ShouldBeTheSource(TreeAspects.All);
    }

    [SkippableFact]
    public async Task What_is_created_in_a_directory_with_a_default_access_list_does_not_get_it()
    {
        Tool.Require("setfacl");
        File.WriteAllText(Path.Combine(_source, "f"), "content");
        Directory.CreateDirectory(Path.Combine(_source, "d"));
        File.WriteAllText(Path.Combine(_source, "d", "g"), "content");
        byte[] archive = Tar("--format=posix");
        _bench.MakeDirectory("destination");
        Tool.Run("setfacl", ["-d", "-m", "u:12345:rwx", _bench.Root]);

        (await _bench.ReplayAsync(archive)).Skips.Should().BeEmpty();

        ShouldBeTheSource(TreeAspects.All);
    }

    [SkippableTheory]
    [InlineData("posix")]
    [InlineData("gnu")]
    public async Task A_chain_with_deletions_type_changes_and_renames_restores(string format)
    {
        Tool.Require("tar");
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "GNU tar finds renames by inodes.");
        Fill();
        List<byte[]> levels = [TarLevel(format)];
        Directory.Move(Path.Combine(_source, "old"), Path.Combine(_source, "renamed"));
        Directory.Delete(Path.Combine(_source, "gone"), recursive: true);
        File.Delete(Path.Combine(_source, "to-directory"));
        Directory.CreateDirectory(Path.Combine(_source, "to-directory"));
        File.WriteAllText(Path.Combine(_source, "to-directory", "x"), "x");
        levels.Add(TarLevel(format));
        Directory.Delete(Path.Combine(_source, "to-directory"), recursive: true);
        File.WriteAllText(Path.Combine(_source, "to-directory"), "a file again");
        File.WriteAllText(Path.Combine(_source, "small"), "changed");
        levels.Add(TarLevel(format));
        Tool.Run("sh", ["-c", $"cd '{_source}' && mv p tmp && mv q p && mv tmp q"]);
        levels.Add(TarLevel(format));

        for (int count = 1; count <= levels.Count; count++)
        {
            Tool.Run("rm", ["-rf", "--", _bench.Root]);
            (await _bench.ReplayAsync([.. levels[..count]])).Skips.Should().BeEmpty();
        }

        ShouldBeTheSource(format == "posix" ? TreeAspects.All & ~TreeAspects.Attributes : TreeAspects.Modes | TreeAspects.Owners);
    }

    private void Fill()
    {
        File.WriteAllText(Path.Combine(_source, "small"), "content");
        File.WriteAllBytes(Path.Combine(_source, "large"), new byte[3_000_000]);
        File.WriteAllText(Path.Combine(_source, "to-directory"), "file");
        foreach (string name in (string[])["old", "gone", "gone/deep", "p", "q"])
        {
            Directory.CreateDirectory(Path.Combine(_source, name));
            File.WriteAllText(Path.Combine(_source, name, "file"), name);
        }

        File.CreateSymbolicLink(Path.Combine(_source, "link"), "nowhere");
        using (FileStream sparse = File.Create(Path.Combine(_source, "sparse")))
        {
            sparse.SetLength(5 << 20);
            sparse.Position = 1 << 20;
            sparse.Write("data in the middle"u8);
        }

        if (OperatingSystem.IsLinux())
        {
            NativeFiles.Link(NativeFiles.Path(Path.Combine(_source, "small")), NativeFiles.Path(Path.Combine(_source, "old", "hard")));
            NativeFiles.MakeFifo(NativeFiles.Path(Path.Combine(_source, "pipe")));
            NativeFiles.SetMode(NativeFiles.Path(Path.Combine(_source, "gone")), 0x16D);
        }
    }

    private byte[] Tar(params string[] options)
    {
        string file = Path.Combine(_bench.Scratch, "archive");
        Tool.Run("tar", [.. options, "-C", _source, "-cf", file, "."]);
        return File.ReadAllBytes(file);
    }

    private byte[] TarLevel(string format) => Tar($"--format={format}", $"--listed-incremental={Path.Combine(_bench.Scratch, "snapshot")}");

    private void ShouldBeTheSource(TreeAspects aspects) =>
        TreeSnapshot.Take(_source, aspects).DifferencesTo(TreeSnapshot.Take(_bench.Root, aspects)).Should().BeEmpty();
}
