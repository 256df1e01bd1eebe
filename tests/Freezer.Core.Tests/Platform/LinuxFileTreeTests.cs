using System.Globalization;
using System.Text;
using Freezer.Platform;
using Freezer.Platform.Linux;
using Freezer.Tests.Support;

namespace Freezer.Tests.Platform;

public sealed partial class LinuxFileTreeTests : FileTreeContract
{
    public LinuxFileTreeTests() => Skip.IfNot(LinuxFileTree.IsSupported, "needs Linux on x64 or arm64");

    private protected override FileTree Tree => LinuxFileTree.Instance;

    [SkippableFact]
    public void Any_bytes_are_a_name()
    {
        byte[][] names = [[0x01], [.. "line\nbreak"u8], [.. "tab\tand\\"u8], [0xC3, 0x28], [0xFE, 0xFF], [.. Enumerable.Repeat((byte)0xFF, 255)]];
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        foreach (byte[] name in names.Reverse())
        {
            using TargetFile file = target.CreateFile(name);
            file.WriteAt(name, 0);
        }

        DirectoryListing listing = source.List(default);

        listing.Count.Should().Be(names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            listing.Name(i).ToArray().Should().Equal(names[i]);
            using SourceFile file = source.OpenFile(listing.Name(i));
            file.Status.Size.Should().Be(names[i].Length);
        }
    }

    [SkippableTheory]
    [InlineData(256)]
    [InlineData(2000)]
    public void A_name_that_is_too_long_says_so(int length)
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        byte[] name = [.. Enumerable.Repeat((byte)'x', length)];

        ErrorOf(() => directory.CreateFile(name)).Should().Be(FileError.NameTooLong);
        ErrorOf(() => directory.CreateSymbolicLink("link"u8, new byte[5000].Select(_ => (byte)'x').ToArray())).Should().Be(FileError.NameTooLong);
    }

    [SkippableFact]
    public void A_link_may_be_as_long_as_the_system_allows()
    {
        byte[] longest = [.. Enumerable.Repeat((byte)'t', 4095)];
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);

        target.CreateSymbolicLink("link"u8, longest);

        source.ReadLink("link"u8).Should().Equal(longest);
        source.Stat("link"u8).Size.Should().Be(4095);
    }

    [SkippableFact]
    public void A_tree_is_walked_deeper_than_any_path_reaches()
    {
        const int Depth = 3000;
        byte[] name = "directory"u8.ToArray();
        var path = new List<byte>();
        TargetDirectory target = Tree.OpenTarget(Folder.Path);
        for (int i = 0; i < Depth; i++)
        {
            target.CreateDirectory(name);
            TargetDirectory next = target.OpenDirectory(name);
            target.Dispose();
            target = next;
            path.AddRange(i == 0 ? name : [(byte)'/', .. name]);
        }

        target.CreateFile("bottom"u8).Dispose();
        target.Dispose();
        path.Count.Should().BeGreaterThan(4096);

        using SourceDirectory root = Tree.OpenSource(Folder.Path);
        using SourceDirectory bottom = root.OpenPath(path.ToArray());
        using TargetDirectory targetRoot = Tree.OpenTarget(Folder.Path);
        using TargetDirectory targetBottom = targetRoot.OpenPath(path.ToArray());

        NamesOf(bottom.List(default)).Should().Equal("bottom");
        targetBottom.RemoveFile("bottom"u8);
        bottom.List(default).Count.Should().Be(0);
    }

    [SkippableFact]
    public void A_whole_tree_is_seen_as_find_sees_it()
    {
        string root = new[] { "/usr/include", "/usr/share/doc", "/usr/lib" }.FirstOrDefault(Directory.Exists) ?? Folder.Path;
        byte[] found = Tool.RunForBytes("find", root, "-mindepth", "1", "-printf", @"%P\0%y %m %U %G %T@ %C@ %i %n %b %D %s\0");
        var expected = new Dictionary<string, string>();
        string[] fields = Encoding.Latin1.GetString(found).Split('\0');
        for (int i = 0; i + 1 < fields.Length; i += 2)
        {
            expected.Add(fields[i], fields[i + 1]);
        }

        var seen = new Dictionary<string, string>();
        using (SourceDirectory directory = Tree.OpenSource(root))
        {
            Walk(directory, "");
        }

        seen.Should().HaveCount(expected.Count);
        seen.Where(pair => expected.GetValueOrDefault(pair.Key) != pair.Value).Select(pair => $"{pair} is {expected.GetValueOrDefault(pair.Key)}").Should().BeEmpty();

        void Walk(SourceDirectory directory, string prefix)
        {
            DirectoryListing listing = directory.List(default);
            for (int i = 0; i < listing.Count; i++)
            {
                FileStatus status = listing.Status(i);
                string path = prefix + Encoding.Latin1.GetString(listing.Name(i));
                long size = status.Kind == FileKind.Directory ? SizeOf(expected.GetValueOrDefault(path, "")) : status.Size;
                seen.Add(path, string.Create(CultureInfo.InvariantCulture, $"{Letter(status.Kind)} {Convert.ToString(status.Mode, 8)} {status.UserId} {status.GroupId} {Time(status.Modified)} {Time(status.Changed)} {status.Inode} {status.LinkCount} {status.Allocated / 512} {status.Device} {size}"));
                if (status.Kind == FileKind.Directory)
                {
                    using SourceDirectory inner = directory.OpenDirectory(listing.Name(i));
                    Walk(inner, path + "/");
                }
            }
        }

        static string Time(UnixTime time) => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds}.{time.Nanoseconds:D9}0");

        static long SizeOf(string line) => line.Length == 0 ? 0 : long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);

        static char Letter(FileKind kind) => kind switch
        {
            FileKind.Regular => 'f',
            FileKind.Directory => 'd',
            FileKind.SymbolicLink => 'l',
            FileKind.Fifo => 'p',
            FileKind.Socket => 's',
            FileKind.CharacterDevice => 'c',
            FileKind.BlockDevice => 'b',
            _ => 'U',
        };
    }

    [SkippableFact]
    public void Names_that_come_and_go_do_not_disturb_a_listing()
    {
        string[] lasting = [.. Enumerable.Range(0, 50).Select(i => $"lasting {i:D2}")];
        foreach (string name in lasting)
        {
            Folder.AddFile(name);
        }

        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using var stop = new CancellationTokenSource();
        Task churn = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                for (int i = 0; i < 50; i++)
                {
                    target.CreateFile(Bytes($"fleeting {i:D2}")).Dispose();
                }

                for (int i = 0; i < 50; i++)
                {
                    target.RemoveFile(Bytes($"fleeting {i:D2}"));
                }
            }
        });

        try
        {
            for (int round = 0; round < 200; round++)
            {
                DirectoryListing listing = source.List(default);
                string[] names = NamesOf(listing);
                names.Where(name => name.StartsWith("lasting", StringComparison.Ordinal)).Should().Equal(lasting);
                names.Distinct().Should().HaveSameCount(names);
                Enumerable.Range(0, listing.Count).Count(i => listing.Error(i) is not null).Should().Be(0);
            }
        }
        finally
        {
            stop.Cancel();
            churn.GetAwaiter().GetResult();
        }
    }

    [SkippableFact]
    public void No_descriptor_is_left_open()
    {
        Folder.AddFile("file", "x");
        Folder.AddDirectory("directory");
        Folder.AddLink("link", "file");
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        int before = OpenHere();
        before.Should().Be(2);

        for (int i = 0; i < 10; i++)
        {
            source.List(default);
            source.OpenFile("file"u8).Dispose();
            source.OpenDirectory("directory"u8).Dispose();
            source.OpenPath("directory"u8).Dispose();
            source.ReadAttributes("link"u8);
            target.OpenNode("link"u8).Dispose();
            target.OpenDirectory("directory"u8).Dispose();
            target.ListNames();
            TargetFile file = target.CreateFile("new"u8);
            file.Close();
            file.Dispose();
            target.RemoveFile("new"u8);
            ErrorOf(() => source.OpenFile("directory"u8));
            ErrorOf(() => source.OpenDirectory("file"u8));
            ErrorOf(() => source.OpenPath("directory/missing"u8));
            ErrorOf(() => target.OpenPath("directory/missing"u8));
            ErrorOf(() => target.CreateFile("file"u8));
        }

        OpenHere().Should().Be(before);

        int OpenHere() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
            .Select(entry => new FileInfo(entry).LinkTarget)
            .Count(path => path is not null && path.StartsWith(Folder.Path, StringComparison.Ordinal));
    }

    [SkippableFact]
    public void Reading_leaves_no_trace_in_the_times()
    {
        string path = Folder.AddFile("file", "x");
        File.SetLastAccessTimeUtc(path, DateTime.UnixEpoch);
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        using SourceFile file = directory.OpenFile("file"u8);

        ReadAll(file).Should().Be("x");

        File.GetLastAccessTimeUtc(path).Should().Be(DateTime.UnixEpoch);
    }

    [SkippableFact]
    public void A_file_of_another_user_is_read_although_that_leaves_a_trace()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root gives files away");
        Folder.AddFile("file", "x");
        Folder.AddDirectory("directory");
        Tool.Run("chown", "12345", Folder["file"], Folder["directory"]);
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        ThreadPrivileges.Without(() =>
        {
            for (int i = 0; i < 2; i++)
            {
                using SourceFile file = directory.OpenFile("file"u8);
                ReadAll(file).Should().Be("x");
                directory.OpenDirectory("directory"u8).Dispose();
                Tree.OpenSource(Folder["directory"]).Dispose();
            }
        });
    }

    [SkippableFact]
    public void A_program_that_is_started_inherits_nothing()
    {
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using TargetDirectory second = target.Duplicate();
        using TargetFile file = target.CreateFile("file"u8);
        using SourceFile reading = source.OpenFile("file"u8);

        Tool.Run("sh", "-c", "ls -l /proc/self/fd").Should().NotContain(Folder.Path);
    }

    [SkippableFact]
    public void Users_and_groups_have_the_names_that_the_system_gives_them()
    {
        string[] user = Tool.Run("getent", "passwd", "root").Split(':');
        string[] group = Tool.Run("getent", "group", "root").Split(':');

        for (int i = 0; i < 2; i++)
        {
            Tree.GetUserName(0).Should().Equal(Bytes(user[0]));
            Tree.GetGroupName(0).Should().Equal(Bytes(group[0]));
            Tree.TryFindUser("root"u8, out uint userId).Should().BeTrue();
            userId.Should().Be(0);
            Tree.TryFindGroup("daemon"u8, out uint groupId).Should().BeTrue();
            groupId.ToString(CultureInfo.InvariantCulture).Should().Be(Tool.Run("getent", "group", "daemon").Split(':')[2]);
            Tree.GetUserName(3_999_999_999).Should().BeEmpty();
            Tree.GetGroupName(3_999_999_999).Should().BeEmpty();
            Tree.TryFindUser("nobody of that name"u8, out _).Should().BeFalse();
            Tree.TryFindUser(""u8, out _).Should().BeFalse();
            Tree.TryFindGroup("a\0b"u8, out _).Should().BeFalse();
        }
    }

    [SkippableFact]
    public void An_account_whose_record_is_large_is_found_with_a_larger_buffer()
    {
        var sizes = new List<int>();
        var database = new AccountDatabase(
            (uint id, Span<byte> buffer, out byte[]? name) =>
            {
                sizes.Add(buffer.Length);
                name = buffer.Length < 100_000 ? null : [.. "large"u8];
                return name is null ? Errno.OutOfRange : 0;
            },
            (ReadOnlySpan<byte> name, Span<byte> buffer, out uint? id) =>
            {
                id = null;
                return Errno.OutOfRange;
            });

        database.GetName(1).Should().Equal(Bytes("large"));
        int asked = sizes.Count;
        database.GetName(1).Should().Equal(Bytes("large"));

        sizes.Should().BeInAscendingOrder().And.HaveCount(asked);
        database.TryFindId("endless"u8, out _).Should().BeFalse();
    }

    [SkippableFact]
    public void Errors_name_the_call_the_entry_and_the_reason()
    {
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        directory.Invoking(d => d.OpenFile("no such\nfile"u8)).Should().Throw<FileSystemException>()
            .WithMessage(@"openat of 'no such\x0Afile': No such file or directory");
    }
}
