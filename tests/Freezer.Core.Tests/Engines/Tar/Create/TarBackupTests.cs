using System.Buffers;
using System.IO.Pipelines;
using Freezer.Engines.Tar;
using Freezer.Engines.Tar.Create;
using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Create;

public sealed class TarBackupTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _source;

    public TarBackupTests() => _source = _scratch.Make("source");

    public static TheoryData<string> Trees => ["linux", "portable"];

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task A_full_level_names_everything_in_order(string tree)
    {
        Write("b", "1");
        Write("a/z", "2");
        Write("a/y/x", "3");
        Write("a-b/c", "4");
        Directory.CreateDirectory(At("empty"));
        TarLevel level = await TarLevel.TakeAsync(_source, tree: TreeNamed(tree));
        (await level.ListAsync()).Should().Equal(
            "5./ Da Da-b Yb Dempty",
            "0./b",
            "5./a/ Dy Yz",
            "0./a/z",
            "5./a/y/ Yx",
            "0./a/y/x",
            "5./a-b/ Yc",
            "0./a-b/c",
            "5./empty/");
    }

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task Without_a_change_a_level_is_the_end_mark_and_the_same_manifest(string tree)
    {
        Write("a/b/c", "1");
        Write("d", new string('x', 300_000));
        File.CreateSymbolicLink(At("link"), "d");
        TarLevel full = await TarLevel.TakeAsync(_source, tree: TreeNamed(tree));
        TarLevel level = await TarLevel.TakeAsync(_source, full, TreeNamed(tree));
        level.Archive.Should().HaveCount(1024).And.OnlyContain(static b => b == 0);
        level.Manifest.Should().Equal(full.Manifest);
    }

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task An_increment_holds_what_changed_and_the_directories_of_it(string tree)
    {
        Write("same/a", "1");
        Write("changed/a", "1");
        Write("changed/b", "1");
        Write("gone/a", "1");
        Write("kept", "1");
        TarLevel full = await TarLevel.TakeAsync(_source, tree: TreeNamed(tree));
        Write("changed/b", "22");
        Directory.Delete(At("gone"), recursive: true);
        TarLevel level = await TarLevel.TakeAsync(_source, full, TreeNamed(tree));
        (await level.ListAsync()).Should().Equal("5./ Dchanged Nkept Dsame", "5./changed/ Na Yb", "0./changed/b");
    }

    [SkippableFact]
    public async Task On_a_portable_tree_a_chain_restores_content_and_times()
    {
        Tool.Require("tar");
        Skip.IfNot(OperatingSystem.IsLinux(), "GNU tar is compared with on Linux.");
        string target = _scratch.Make("target");
        Write("a/b", "1");
        Write("c", "2");
        File.CreateSymbolicLink(At("link"), "c");
        TarLevel full = await TarLevel.TakeAsync(_source, tree: PortableFileTree.Instance);
        full.Extract(target);
        File.Delete(At("c"));
        Write("a/d", "3");
        TarLevel level = await TarLevel.TakeAsync(_source, full, PortableFileTree.Instance);
        level.Extract(target);
        TreeSnapshot.Take(_source, TreeAspects.Modes | TreeAspects.Times)
            .DifferencesTo(TreeSnapshot.Take(target, TreeAspects.Modes | TreeAspects.Times)).Should().BeEmpty();
    }

    [SkippableFact]
    public async Task What_has_just_changed_is_stored_again_by_the_next_level()
    {
        RequireLinux();
        Write("a", "1");
        TarLevel full = await TarLevel.TakeAsync(_source, clock: TimeProvider.System);
        TarLevel second = await TarLevel.TakeAsync(_source, full);
        (await second.ListAsync()).Should().Equal("5./ Ya", "0./a");
        TarLevel third = await TarLevel.TakeAsync(_source, second);
        third.Archive.Should().HaveCount(1024);
    }

    [SkippableFact]
    public async Task A_time_in_the_future_does_not_make_a_file_change_for_ever()
    {
        RequireLinux();
        Write("a", "1");
        NativeFiles.SetTimes(NativeFiles.Path(At("a")), new UnixTime(9_000_000_000, 1));
        TarLevel level = await TarLevel.TakeAsync(_source, await TarLevel.TakeAsync(_source));
        level.Archive.Should().HaveCount(1024);
    }

    [SkippableFact]
    public async Task A_change_of_content_that_keeps_size_and_time_is_seen_by_the_time_of_status_change()
    {
        RequireLinux();
        Write("a", "1");
        SetTime("a");
        TarLevel full = await TarLevel.TakeAsync(_source);
        Write("a", "2");
        SetTime("a");
        (await (await TarLevel.TakeAsync(_source, full)).ListAsync()).Should().Equal("5./ Ya", "0./a");
        TarLevel ignoring = await TarLevel.TakeAsync(_source, full, options: new TarEngineOptions { IgnoreChangeTime = true });
        ignoring.Archive.Should().HaveCount(1024);
    }

    [SkippableFact]
    public async Task Another_inode_counts_as_a_change_unless_it_is_ignored()
    {
        RequireLinux();
        Write("a", "1");
        SetTime("a");
        SetTime(".");
        TarLevel full = await TarLevel.TakeAsync(_source);
        Write("a~", "2");
        SetTime("a~");
        File.Move(At("a~"), At("a"), overwrite: true);
        SetTime(".");
        var options = new TarEngineOptions { IgnoreChangeTime = true };
        (await (await TarLevel.TakeAsync(_source, full, options: options)).ListAsync()).Should().Equal("5./ Ya", "0./a");
        (await TarLevel.TakeAsync(_source, full, options: options with { IgnoreInode = true })).Archive.Should().HaveCount(1024);
    }

    [SkippableFact]
    public async Task A_replaced_link_is_seen_even_where_inodes_and_times_of_status_change_are_ignored()
    {
        RequireLinux();
        var options = new TarEngineOptions { IgnoreChangeTime = true, IgnoreInode = true };
        File.CreateSymbolicLink(At("link"), "ab");
        SetTime("link");
        TarLevel full = await TarLevel.TakeAsync(_source, options: options);
        SetTime(".");
        File.Delete(At("link"));
        File.CreateSymbolicLink(At("link"), "cd");
        SetTime("link");
        SetTime(".");
        (await (await TarLevel.TakeAsync(_source, full, options: options)).ListAsync()).Should().Equal("5./ Ylink", "2./link");
    }

    [SkippableFact]
    public async Task A_name_that_was_a_hard_link_is_removed_before_it_is_written()
    {
        RequireLinux();
        Tool.Require("tar");
        Write("a", "1");
        NativeFiles.Link(NativeFiles.Path(At("a")), NativeFiles.Path(At("b")));
        TarLevel full = await TarLevel.TakeAsync(_source);
        (await full.ListAsync()).Should().Equal("5./ Ya Yb", "0./a", "1./b");
        string target = _scratch.Make("target");
        full.Extract(target, TarLevel.Freezer);
        File.Delete(At("b"));
        Write("b", "2");
        TarLevel level = await TarLevel.TakeAsync(_source, full);
        (await level.ListAsync()).Should().Equal("5./", "5./ Ya Yb", "0./a", "0./b");
        level.Extract(target, TarLevel.Freezer);
        TreeSnapshot.Take(_source).DifferencesTo(TreeSnapshot.Take(target)).Should().BeEmpty();
    }

    [SkippableFact]
    public async Task A_new_name_of_an_unchanged_inode_is_only_a_link()
    {
        RequireLinux();
        Write("b", "1");
        var options = new TarEngineOptions { IgnoreChangeTime = true };
        TarLevel full = await TarLevel.TakeAsync(_source, options: options);
        NativeFiles.Link(NativeFiles.Path(At("b")), NativeFiles.Path(At("c")));
        TarLevel level = await TarLevel.TakeAsync(_source, full, options: options);
        (await level.ListAsync()).Should().Equal("5./ Nb Yc", "1./c");

        // The name that was kept has to be known as one of several from now on: another one may be given to another inode.
        File.Delete(At("b"));
        Write("b", "2");
        string target = _scratch.Make("target");
        full.Extract(target, TarLevel.Freezer);
        level.Extract(target, TarLevel.Freezer);
        (await TarLevel.TakeAsync(_source, level, options: options)).Extract(target, TarLevel.Freezer);
        TreeSnapshot.Take(_source).DifferencesTo(TreeSnapshot.Take(target)).Should().BeEmpty();
    }

    [SkippableFact]
    public async Task A_mounted_file_system_is_stored_as_an_empty_directory_where_one_is_asked_for()
    {
        RequireLinux();
        Write("here/a", "1");
        Write("mounted/b", "2");
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            Status = static (path, status) => path == "mounted" ? status with { Device = 99 } : status,
        };
        var options = new TarEngineOptions { OneFileSystem = true };
        (await (await TarLevel.TakeAsync(_source, tree: tree, options: options)).ListAsync()).Should().Equal(
            "5./ Dhere Dmounted", "5./here/ Ya", "0./here/a", "5./mounted/");
        (await (await TarLevel.TakeAsync(_source, tree: tree)).ListAsync()).Should().Contain("0./mounted/b");
    }

    [Fact]
    public async Task Of_a_cache_directory_only_the_mark_is_stored_where_that_is_asked_for()
    {
        Write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# cache");
        Write("cache/x", "1");
        Write("cache/sub/y", "2");
        Write("liar/CACHEDIR.TAG", "Signature: none");
        Write("liar/x", "1");
        var options = new TarEngineOptions { ExcludeCacheDirectories = true };
        (await (await TarLevel.TakeAsync(_source, options: options)).ListAsync()).Should().Equal(
            "5./ Dcache Dliar", "5./cache/ YCACHEDIR.TAG", "0./cache/CACHEDIR.TAG", "5./liar/ YCACHEDIR.TAG Yx", "0./liar/CACHEDIR.TAG", "0./liar/x");
    }

    [SkippableFact]
    public async Task What_is_excluded_from_now_on_goes_when_the_level_is_restored()
    {
        RequireLinux();
        Write("keep", "1");
        Write("logs/a.log", "2");
        Write("b.log", "3");
        TarLevel full = await TarLevel.TakeAsync(_source);
        TarLevel level = await TarLevel.TakeAsync(_source, full, options: new TarEngineOptions { Exclude = ["*.log", "logs/"] });
        (await level.ListAsync()).Should().Equal("5./ Nkeep");
        Names(level).Should().Equal("", "keep");
    }

    [SkippableFact]
    public async Task A_socket_is_left_out_with_a_note()
    {
        RequireLinux();
        Write("a", "1");
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(At("socket")));
        TarLevel level = await TarLevel.TakeAsync(_source);
        (await level.ListAsync()).Should().Equal("5./ Ya", "0./a");
        level.Notes.Should().ContainSingle().Which.Path.ToString().Should().Be("socket");
        level.Skips.Should().BeEmpty();
        Names(level).Should().Equal("", "a");
    }

    [SkippableFact]
    public async Task Holes_are_not_stored()
    {
        RequireLinux();
        Tool.Require("tar");
        const long length = 1L << 40;
        File.WriteAllBytes(At("holes"), [1]);
        NativeFiles.Truncate(NativeFiles.Path(At("holes")), length);
        NativeFiles.Write(NativeFiles.Path(At("holes")), [2, 3], length / 2);
        TarLevel level = await TarLevel.TakeAsync(_source);
        level.Archive.Length.Should().BeLessThan(64 << 10);
        TarManifestRecord record = Records(level)["holes"];
        record.Size.Should().Be(length);
        record.Extents.Should().HaveCount(2);
        string target = _scratch.Make("target");
        level.Extract(target);
        using FileStream restored = File.OpenRead(Path.Combine(target, "holes"));
        restored.Length.Should().Be(length);
        restored.Position = length / 2;
        restored.ReadByte().Should().Be(2);
    }

    [SkippableFact]
    public async Task A_very_deep_tree_needs_few_descriptors_and_no_stack()
    {
        RequireLinux();
        const int depth = 700;
        byte[] path = NativeFiles.Path(_source);
        for (int i = 0; i < depth; i++)
        {
            path = [.. path, .. "/d"u8];
            NativeFiles.MakeDirectory([.. path[..^1], (byte)'e']);
            NativeFiles.Write([.. path[..^1], (byte)'f'], "1"u8);
            NativeFiles.MakeDirectory(path);
        }

        var tree = new InterceptedFileTree(FileTree.ForThisMachine);
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        level.Skips.Should().BeEmpty();
        level.Notes.Should().BeEmpty();
        Names(level).Should().HaveCount((3 * depth) + 1);
        tree.MostOpen.Should().BeLessThan(500);
        tree.Open.Should().Be(0);
    }

    [SkippableFact]
    public async Task Level_zero_is_read_by_bsdtar()
    {
        RequireLinux();
        Tool.Require("bsdtar");
        new TreeMutator(_source, seed: 5).Grow(60);
        TarLevel level = await TarLevel.TakeAsync(_source);
        string target = _scratch.Make("target");
        string file = Path.Combine(_scratch.Path, "level.tar");
        File.WriteAllBytes(file, level.Archive);
        Tool.Run("bsdtar", ["-t", "-f", file]).Should().Contain("./");
        Tool.Run("bsdtar", ["-x", "-p", "--numeric-owner", "-f", file, "-C", target]);

        // It reads times before 1970 with the fraction on the wrong side, and an attribute's name with its escapes.
        const TreeAspects aspects = TreeAspects.Modes | TreeAspects.Owners | TreeAspects.HardLinks;
        TreeSnapshot.Take(_source, aspects).DifferencesTo(TreeSnapshot.Take(target, aspects)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_damaged_parent_manifest_fails_the_backup()
    {
        Write("a", "1");
        TarLevel full = await TarLevel.TakeAsync(_source);
        TarLevel damaged = full with { Manifest = full.Manifest[..20] };
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(_source, damaged)).Should().ThrowAsync<InvalidDataException>().WithMessage("*cut off*");
    }

    [Fact]
    public async Task A_parent_of_an_unknown_format_begins_a_new_chain()
    {
        byte[] manifest = [.. TarManifestFormat.Magic, 7, 0];
        BackupPlan plan = await ParentManifest.PlanAsync(PlanContext(manifest), default);
        plan.NewChainReason.Should().Be("the parent's manifest has format version 7, which this version does not read");
        manifest[TarManifestFormat.VersionOffset] = TarManifestFormat.Version;
        (await ParentManifest.PlanAsync(PlanContext(manifest), default)).NewChainReason.Should().BeNull();
    }

    private static BackupPlanContext PlanContext(byte[] manifest)
    {
        var parent = new Backup { EngineName = "tar", BackupName = "n", ChainTimestamp = default, Timestamp = default, Level = 0 };
        return new BackupPlanContext("/", parent, (consume, token) => consume(PipeReader.Create(new ReadOnlySequence<byte>(manifest)), token));
    }

    private static FileTree TreeNamed(string name)
    {
        if (name == "portable")
        {
            return PortableFileTree.Instance;
        }

        RequireLinux();
        return LinuxFileTree.Instance;
    }

    private static void RequireLinux() => Skip.IfNot(LinuxFileTree.IsSupported, "This needs Linux.");

    private static Dictionary<string, TarManifestRecord> Records(TarLevel level) => ManifestContent.Read(level.Manifest);

    private static List<string> Names(TarLevel level) => [.. Records(level).Keys];

    private string At(string name) => Path.Combine(_source, name);

    /// <summary>Gives an entry a time that it can be given again.</summary>
    private void SetTime(string name) => NativeFiles.SetTimes(NativeFiles.Path(At(name)), new UnixTime(1_000_000_000, 5));

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), content);
    }
}
