using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Platform;

public abstract partial class FileTreeContract
{
    /// <summary>Far more than a call should take: it ends a test that would otherwise hang for ever.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    [SkippableFact]
    public void Names_are_listed_in_the_order_of_their_unsigned_bytes()
    {
        string[] names = [".hidden", "B", "a", "a b", "a-b", "a.b", "ab", "abcdefgh", "abcdefgh0", "abcdefghi", "ä", "日本"];
        foreach (string name in names.Reverse())
        {
            Folder.AddFile(name);
        }

        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        NamesOf(directory.List(default)).Should().Equal(names);
    }

    [SkippableFact]
    public void An_empty_directory_lists_empty()
    {
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        directory.List(default).Count.Should().Be(0);
    }

    [SkippableFact]
    public void A_large_directory_is_listed_whole_and_again()
    {
        string[] names = [.. Enumerable.Range(0, 600).Select(i => $"{new string('n', 200)}{i:D5}")];
        foreach (string name in names)
        {
            Folder.AddFile(name, "x");
        }

        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        NamesOf(directory.List(default)).Should().Equal(names);
        NamesOf(directory.List(default)).Should().Equal(names);
    }

    [SkippableFact]
    public void A_listing_tells_kind_length_and_time()
    {
        string file = Folder.AddFile("file", "twelve bytes");
        Folder.AddFile("empty");
        Folder.AddDirectory("directory");
        Folder.AddLink("link", "nowhere at all");
        Folder.AddLink("link to a directory", "directory");
        File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(7));

        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        DirectoryListing listing = directory.List(default);

        StatusOf(listing, "file").Should().Match<FileStatus>(s => s.Kind == FileKind.Regular && s.Size == 12);
        StatusOf(listing, "file").Modified.Should().Be(new UnixTime(981173106, 700));
        StatusOf(listing, "empty").Should().Match<FileStatus>(s => s.Kind == FileKind.Regular && s.Size == 0);
        StatusOf(listing, "directory").Should().Match<FileStatus>(s => s.Kind == FileKind.Directory && s.Size == 0);
        StatusOf(listing, "link").Should().Match<FileStatus>(s => s.Kind == FileKind.SymbolicLink && s.Size == 14);
        StatusOf(listing, "link to a directory").Kind.Should().Be(FileKind.SymbolicLink);
        directory.Status.Kind.Should().Be(FileKind.Directory);
    }

    [SkippableFact]
    public void A_listing_says_the_same_as_a_look_at_each_name()
    {
        Folder.AddFile("file", "content");
        Folder.AddDirectory("directory");
        Folder.AddLink("link", "file");

        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        DirectoryListing listing = directory.List(default);

        for (int i = 0; i < listing.Count; i++)
        {
            directory.Stat(listing.Name(i)).Should().Be(listing.Status(i));
        }
    }

    [SkippableFact]
    public void A_fifo_is_told_from_a_file_and_never_waited_for()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no FIFOs in directories");
        Tool.Run("mkfifo", Folder["fifo"]);
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        StatusOf(directory.List(default), "fifo").Kind.Should().Be(FileKind.Fifo);
        Task open = Task.Run(() => directory.OpenFile("fifo"u8).Dispose());
        open.Invoking(task => task.WaitAsync(s_patience).GetAwaiter().GetResult()).Should().Throw<FileSystemException>();
    }

    [SkippableFact]
    public void A_socket_is_told_from_a_file_and_not_opened()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows shows sockets otherwise");
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Folder["socket"]));
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        StatusOf(directory.List(default), "socket").Kind.Should().Be(FileKind.Socket);
        directory.Invoking(d => d.OpenFile("socket"u8)).Should().Throw<FileSystemException>();
    }

    [SkippableFact]
    public void A_file_is_read_at_any_offset_and_ends_with_nothing()
    {
        Folder.AddFile("file", "some content to read");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        using SourceFile file = directory.OpenFile("file"u8);
        file.AdviseSequential();

        ReadAll(file).Should().Be("some content to read");
        byte[] buffer = new byte[4];
        file.ReadAt(buffer, 5).Should().Be(4);
        buffer.Should().Equal(Bytes("cont"));
        file.ReadAt(buffer, 20).Should().Be(0);
        file.ReadAt(buffer, 2000).Should().Be(0);
        file.Status.Size.Should().Be(20);
    }

    [SkippableFact]
    public void A_file_that_grows_while_it_is_open_is_seen_to()
    {
        string path = Folder.AddFile("file", "short");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        using SourceFile file = directory.OpenFile("file"u8);

        File.AppendAllText(path, ", and longer now");

        file.Status.Size.Should().Be(5);
        file.StatAgain().Size.Should().Be(21);
    }

    [SkippableFact]
    public void The_extents_of_a_file_without_holes_cover_it()
    {
        Folder.AddFile("file", new string('x', 100_000));
        Folder.AddFile("empty");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        using SourceFile file = directory.OpenFile("file"u8);
        using SourceFile empty = directory.OpenFile("empty"u8);

        file.TryFindData(0, out long start, out long end).Should().BeTrue();
        (start, end).Should().Be((0, 100_000));
        file.TryFindData(70_000, out start, out end).Should().BeTrue();
        (start, end).Should().Be((70_000, 100_000));
        file.TryFindData(100_000, out _, out _).Should().BeFalse();
        empty.TryFindData(0, out _, out _).Should().BeFalse();
    }

    [SkippableFact]
    public void Only_a_regular_file_is_opened_as_a_file()
    {
        Folder.AddFile("file");
        Folder.AddDirectory("directory");
        Folder.AddLink("link", "file");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        ErrorOf(() => directory.OpenFile("directory"u8)).Should().Be(FileError.IsADirectory);
        ErrorOf(() => directory.OpenFile("link"u8)).Should().Be(FileError.IsALink);
        ErrorOf(() => directory.OpenFile("missing"u8)).Should().Be(FileError.NotFound);
    }

    [SkippableFact]
    public void Only_a_directory_itself_is_opened_as_a_directory()
    {
        Folder.AddFile("file");
        Folder.AddDirectory("directory");
        Folder.AddLink("link", "directory");
        Folder.AddLink("dangling", "nowhere");
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);

        ErrorOf(() => source.OpenDirectory("file"u8)).Should().Be(FileError.NotADirectory);
        ErrorOf(() => source.OpenDirectory("link"u8)).Should().Be(FileError.IsALink);
        ErrorOf(() => source.OpenDirectory("dangling"u8)).Should().Be(FileError.IsALink);
        ErrorOf(() => source.OpenDirectory("missing"u8)).Should().Be(FileError.NotFound);
        ErrorOf(() => target.OpenDirectory("file"u8)).Should().Be(FileError.NotADirectory);
        ErrorOf(() => target.OpenDirectory("link"u8)).Should().Be(FileError.IsALink);
        ErrorOf(() => target.OpenDirectory("dangling"u8)).Should().Be(FileError.IsALink);
        ErrorOf(() => target.OpenDirectory("missing"u8)).Should().Be(FileError.NotFound);
    }

    [SkippableFact]
    public void A_user_may_name_a_link_to_a_directory()
    {
        Folder.AddDirectory("directory");
        Folder.AddFile("directory/file", "x");
        Folder.AddLink("link", "directory");

        using SourceDirectory source = Tree.OpenSource(Folder["link"]);
        using TargetDirectory target = Tree.OpenTarget(Folder["link/"]);

        NamesOf(source.List(default)).Should().Equal("file");
        target.ListNames().Should().ContainSingle().Which.Should().Equal(Bytes("file"));
        Tree.Stat(Folder["link"]).Kind.Should().Be(FileKind.Directory);
    }

    [SkippableFact]
    public void What_a_user_names_must_be_there_and_be_a_directory()
    {
        string file = Folder.AddFile("file");

        ErrorOf(() => Tree.OpenSource(Folder["missing"])).Should().Be(FileError.NotFound);
        ErrorOf(() => Tree.OpenTarget(Folder["missing"])).Should().Be(FileError.NotFound);
        ErrorOf(() => Tree.Stat(Folder["missing"])).Should().Be(FileError.NotFound);
        ErrorOf(() => Tree.OpenSource(file)).Should().Be(FileError.NotADirectory);
        ErrorOf(() => Tree.OpenTarget(file)).Should().Be(FileError.NotADirectory);
        Tree.Invoking(t => t.OpenSource("")).Should().Throw<ArgumentException>();
        Tree.Stat(file).Kind.Should().Be(FileKind.Regular);
    }

    [SkippableFact]
    public void A_link_is_read_as_it_is()
    {
        Folder.AddLink("link", "../some where/näher");
        Folder.AddFile("file");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        directory.ReadLink("link"u8).Should().Equal(Bytes("../some where/näher"));
        ErrorOf(() => directory.ReadLink("file"u8)).Should().Be(FileError.Other);
        ErrorOf(() => directory.ReadLink("missing"u8)).Should().Be(FileError.NotFound);
    }

    [SkippableFact]
    public void A_name_that_is_gone_is_not_found()
    {
        string path = Folder.AddFile("file");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        DirectoryListing listing = directory.List(default);
        File.Delete(path);

        ErrorOf(() => directory.Stat(listing.Name(0))).Should().Be(FileError.NotFound);
        ErrorOf(() => directory.OpenFile(listing.Name(0))).Should().Be(FileError.NotFound);
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("/etc")]
    [InlineData("a\0b")]
    public void A_name_that_leads_elsewhere_is_a_mistake_of_the_caller(string name)
    {
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        byte[] bytes = Bytes(name);

        Action[] calls =
        [
            () => source.Stat(bytes), () => source.OpenFile(bytes), () => source.OpenDirectory(bytes), () => source.ReadLink(bytes),
            () => target.TryStat(bytes, out _), () => target.OpenDirectory(bytes), () => target.CreateFile(bytes), () => target.CreateDirectory(bytes),
            () => target.CreateSymbolicLink(bytes, "x"u8), () => target.RemoveFile(bytes), () => target.RemoveDirectory(bytes), () => target.OpenNode(bytes),
        ];

        foreach (Action call in calls)
        {
            call.Should().Throw<ArgumentException>();
        }

        Directory.EnumerateFileSystemEntries(Folder.Path).Should().BeEmpty();
    }

    [SkippableFact]
    public void A_path_is_opened_component_by_component()
    {
        Folder.AddDirectory("a/b/c");
        Folder.AddLink("a/link", "b");
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);

        using SourceDirectory deepSource = source.OpenPath("a/b"u8);
        using TargetDirectory deepTarget = target.OpenPath("a/b"u8);

        NamesOf(deepSource.List(default)).Should().Equal("c");
        deepTarget.TryStat("c"u8, out _).Should().BeTrue();
        ErrorOf(() => source.OpenPath("a/link/c"u8)).Should().Be(FileError.IsALink);
        ErrorOf(() => target.OpenPath("a/link/c"u8)).Should().Be(FileError.IsALink);
        source.Invoking(s => s.OpenPath("a//b"u8)).Should().Throw<ArgumentException>();
        source.Invoking(s => s.OpenPath("a/../a"u8)).Should().Throw<ArgumentException>();
        target.Invoking(t => t.OpenPath("a/../a"u8)).Should().Throw<ArgumentException>();
    }

    [SkippableFact]
    public void The_empty_path_is_the_directory_with_a_life_of_its_own()
    {
        Folder.AddFile("file");
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);

        source.OpenPath([]).Dispose();
        target.OpenPath([]).Dispose();

        source.List(default).Count.Should().Be(1);
        target.TryStat("file"u8, out _).Should().BeTrue();
    }

    [SkippableFact]
    public void A_directory_is_closed_with_its_last_reference()
    {
        Folder.AddFile("file", "x");
        SourceDirectory directory = Tree.OpenSource(Folder.Path);
        SourceDirectory second = directory.AddReference();

        directory.Dispose();
        second.List(default).Count.Should().Be(1);
        second.Dispose();

        directory.Invoking(d => d.List(default)).Should().Throw<ObjectDisposedException>();
        directory.Invoking(d => d.Stat("file"u8)).Should().Throw<ObjectDisposedException>();
        directory.Invoking(d => d.AddReference()).Should().Throw<ObjectDisposedException>();
    }

    [SkippableFact]
    public void A_closed_file_is_not_read()
    {
        Folder.AddFile("file", "x");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        SourceFile file = directory.OpenFile("file"u8);
        file.Dispose();
        file.Dispose();

        file.Invoking(f => f.ReadAt(new byte[1], 0)).Should().Throw<ObjectDisposedException>();
    }

    [SkippableFact]
    public void A_cancelled_listing_ends_with_the_cancellation()
    {
        Folder.AddFile("file");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        directory.Invoking(d => d.List(new CancellationToken(canceled: true))).Should().Throw<OperationCanceledException>();
    }

    [SkippableFact]
    public void A_directory_that_may_not_be_read_says_so()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has access lists instead of modes");
        string closed = Folder.AddDirectory("closed");
        Folder.AddFile("closed/file", "x");
        SetMode(Folder.AddFile("secret", "x"), UnixFileMode.None);
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        ThreadPrivileges.Without(() =>
        {
            ErrorOf(() => directory.OpenFile("secret"u8)).Should().Be(FileError.AccessDenied);

            SetMode(closed, UnixFileMode.UserRead);
            using (SourceDirectory names = directory.OpenDirectory("closed"u8))
            {
                DirectoryListing listing = names.List(default);
                NamesOf(listing).Should().Equal("file");
                listing.Error(0)!.Error.Should().Be(FileError.AccessDenied);
            }

            SetMode(closed, UnixFileMode.None);
            ErrorOf(() =>
            {
                using SourceDirectory names = directory.OpenDirectory("closed"u8);
                names.List(default);
            }).Should().Be(FileError.AccessDenied);
        });
        SetMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
