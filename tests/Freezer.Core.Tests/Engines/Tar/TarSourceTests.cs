using Freezer.Engines.Tar;
using Freezer.Platform;
using Freezer.Tests.Engines.Tar.Create;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar;

public sealed class TarSourceTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string> Trees => ["linux", "portable"];

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task A_single_file_stands_in_a_root_of_its_own(string tree)
    {
        File.WriteAllText(At("file"), "1");
        (await (await TarLevel.TakeAsync(At("file"), tree: TreeNamed(tree))).ListAsync()).Should().Equal("5./ Yfile", "0./file");
    }

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task Several_sources_stand_under_their_own_names(string tree)
    {
        File.WriteAllText(At("file"), "1");
        Directory.CreateDirectory(At("x/dir/sub"));
        File.WriteAllText(At("x/dir/a"), "2");
        File.CreateSymbolicLink(At("link"), At("file"));
        string resource = TarEngine.JoinSources(At("x/dir/"), At("link"), At("file"));
        TarLevel full = await TarLevel.TakeAsync(resource, tree: TreeNamed(tree));
        (await full.ListAsync()).Should().Equal("5./ Ddir Yfile Ylink", "0./file", "0./link", "5./dir/ Ya Dsub", "0./dir/a", "5./dir/sub/");
        (await TarLevel.TakeAsync(resource, full, TreeNamed(tree))).Archive.Should().HaveCount(1024);
    }

    [SkippableFact]
    public async Task Each_of_several_sources_has_a_file_system_of_its_own()
    {
        Skip.IfNot(LinuxFileTree.IsSupported && Directory.Exists("/dev/shm"), "This needs two file systems.");
        string elsewhere = Directory.CreateDirectory($"/dev/shm/freezer-{Guid.NewGuid():N}").FullName;
        try
        {
            Skip.If(LinuxFileTree.Instance.Stat(elsewhere).Device == LinuxFileTree.Instance.Stat(_scratch.Path).Device, "This needs two file systems.");
            File.WriteAllText(Path.Combine(elsewhere, "a"), "1");
            Directory.CreateDirectory(At("~here"));
            File.WriteAllText(At("~here/b"), "1");
            TarLevel level = await TarLevel.TakeAsync(TarEngine.JoinSources(elsewhere, At("~here")), options: new TarEngineOptions { OneFileSystem = true });
            (await level.ListAsync()).Should().Contain(["0./~here/b", $"0./{Path.GetFileName(elsewhere)}/a"]);
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task A_link_to_a_directory_is_followed(string tree)
    {
        Directory.CreateDirectory(At("dir"));
        File.WriteAllText(At("dir/a"), "2");
        Directory.CreateSymbolicLink(At("link"), "dir");
        (await (await TarLevel.TakeAsync(At("link"), tree: TreeNamed(tree))).ListAsync()).Should().Equal("5./ Ya", "0./a");
    }

    [Fact]
    public void Sources_of_the_same_name_are_refused_by_both_their_paths() =>
        FluentActions.Invoking(() => TarEngine.JoinSources("/a/x", "/b", "/c/x/")).Should().Throw<ArgumentException>().WithMessage("*/a/x*/c/x*");

    [Fact]
    public void A_root_cannot_stand_beside_others() =>
        FluentActions.Invoking(() => TarEngine.JoinSources("/", "/b")).Should().Throw<ArgumentException>().WithMessage("*no name*");

    [Fact]
    public void No_source_is_refused() => FluentActions.Invoking(() => TarEngine.JoinSources()).Should().Throw<ArgumentException>();

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task A_source_that_is_not_there_is_named(string tree) =>
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(At("nowhere"), tree: TreeNamed(tree)))
            .Should().ThrowAsync<DirectoryNotFoundException>().WithMessage("*nowhere*does not exist*");

    [SkippableTheory, MemberData(nameof(Trees))]
    public async Task One_of_several_sources_that_is_not_there_is_named(string tree) =>
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(TarEngine.JoinSources(_scratch.Path, At("nowhere")), tree: TreeNamed(tree)))
            .Should().ThrowAsync<DirectoryNotFoundException>().WithMessage("*nowhere*does not exist*");

    private static FileTree TreeNamed(string name)
    {
        Skip.If(name == "linux" && !LinuxFileTree.IsSupported, "This needs Linux.");
        return name == "portable" ? PortableFileTree.Instance : LinuxFileTree.Instance;
    }

    private string At(string name) => Path.Combine(_scratch.Path, name);
}
