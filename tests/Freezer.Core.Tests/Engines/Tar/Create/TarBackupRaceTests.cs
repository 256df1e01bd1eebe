using System.Text;
using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Create;

/// <summary>Trees that change, or cannot be read, while they are backed up.</summary>
public sealed class TarBackupRaceTests : IDisposable
{
    private const int Large = 3 << 20;

    private readonly ScratchDirectory _scratch = new();
    private readonly string _source;
    private readonly string _target;

    public TarBackupRaceTests()
    {
        Skip.IfNot(LinuxFileTree.IsSupported, "This needs Linux.");
        Tool.Require("tar");
        _source = _scratch.Make("source");
        _target = _scratch.Make("target");
    }

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData(10)]
    [InlineData(Large)]
    public async Task A_file_that_vanishes_is_in_neither_listing_nor_manifest(int size)
    {
        Write("a", 10);
        Write("gone", size);
        Write("z", 10);
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target);
        Touch("gone");
        var tree = new InterceptedFileTree(FileTree.ForThisMachine) { OpeningFile = DeleteWhen("gone") };
        TarLevel level = await TarLevel.TakeAsync(_source, full, tree);
        level.Skips.Should().BeEmpty();
        level.Notes.Should().ContainSingle().Which.Path.ToString().Should().Be("gone");
        (await level.ListAsync())[^1].Should().Be("5./ Na Nz");
        Manifest(level).Should().ContainKeys("a", "z").And.NotContainKey("gone");
        level.Extract(_target);
        Directory.GetFiles(_target).Order().Should().Equal(Path.Combine(_target, "a"), Path.Combine(_target, "z"));

        // The directory's own time is that of the moment when it was listed; the next level has the one after.
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_large_file_that_vanishes_late_is_taken_out_of_the_listing_again()
    {
        Write("a", 10);
        Write("gone", Large);
        Write("z", 10);
        var tree = new InterceptedFileTree(FileTree.ForThisMachine) { OpeningFile = DeleteWhen("gone") };
        (await (await TarLevel.TakeAsync(_source, tree: tree)).ListAsync()).Should().Equal("5./ Ya Ygone Yz", "0./a", "0./z", "5./ Ya Yz");
    }

    [SkippableTheory]
    [InlineData(10)]
    [InlineData(Large)]
    public async Task A_file_that_becomes_a_link_is_stored_as_one(int size)
    {
        Write("a", size);
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target, TarLevel.Freezer);
        Touch("a");
        bool isDone = false;
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            OpeningFile = path =>
            {
                if (!isDone)
                {
                    File.Delete(At(path));
                    File.CreateSymbolicLink(At(path), "elsewhere");
                    isDone = true;
                }
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, full, tree);
        level.Skips.Should().BeEmpty();
        (await level.ListAsync()).Should().Contain("2./a");
        level.Extract(_target, TarLevel.Freezer);
        File.ResolveLinkTarget(Path.Combine(_target, "a"), false)!.Name.Should().Be("elsewhere");
    }

    [SkippableTheory]
    [InlineData(10)]
    [InlineData(Large)]
    public async Task A_link_that_becomes_a_file_is_stored_as_one(int size)
    {
        File.CreateSymbolicLink(At("a"), "elsewhere");
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target, TarLevel.Freezer);
        File.Delete(At("a"));
        File.CreateSymbolicLink(At("a"), "elsewhere too");
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            ReadingLink = path =>
            {
                File.Delete(At(path));
                Write(path, size);
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, full, tree);
        level.Skips.Should().BeEmpty();
        level.Extract(_target, TarLevel.Freezer);
        File.ReadAllBytes(Path.Combine(_target, "a")).Should().Equal(File.ReadAllBytes(At("a")));
    }

    [SkippableFact]
    public async Task A_link_that_becomes_a_file_that_cannot_be_read_is_a_skip()
    {
        Write("b", 10);
        File.CreateSymbolicLink(At("a"), "elsewhere");
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            ReadingLink = path =>
            {
                File.Delete(At(path));
                Write(path, 10);
            },
            OpeningFile = DenyWhen("a"),
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        level.Skips.Should().ContainSingle().Which.Should().Be(new SkippedEntry(EntryPath.Parse("a"), SkipKind.Unreadable, "Permission denied"));
        level.Extract(_target);
        Directory.GetFiles(_target).Should().Equal(Path.Combine(_target, "b"));
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_file_that_becomes_a_directory_is_left_to_the_next_level()
    {
        Write("a", 10);
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target);
        Touch("a");
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            OpeningFile = path =>
            {
                File.Delete(At(path));
                Directory.CreateDirectory(At(path));
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, full, tree);
        (await level.ListAsync()).Should().Equal("5./");
        level.Extract(_target);
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_file_that_shrinks_is_filled_up_and_stored_again_at_once()
    {
        Write("a", Large);
        bool isDone = false;
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            Reading = (path, offset) =>
            {
                if (offset > 0 && !isDone)
                {
                    NativeFiles.Truncate(NativeFiles.Path(At(path)), 1000);
                    isDone = true;
                }
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        level.Skips.Should().BeEmpty();
        (await level.ListAsync()).Should().Equal("5./ Ya", "0./a", "0./a");
        Manifest(level)["a"].Size.Should().Be(1000);
        level.Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_small_file_that_shrinks_is_stored_as_it_is_then()
    {
        Write("a", 200_000);
        bool isDone = false;
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            Reading = (path, offset) =>
            {
                if (!isDone)
                {
                    NativeFiles.Truncate(NativeFiles.Path(At(path)), 1000);
                    isDone = true;
                }
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        (await level.ListAsync()).Should().Equal("5./ Ya", "0./a");
        level.Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_file_that_shrinks_again_and_again_is_a_skip()
    {
        Write("a", Large);
        long length = Large;
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            Reading = (path, offset) => NativeFiles.Truncate(NativeFiles.Path(At(path)), length -= 100_000),
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        level.Skips.Should().ContainSingle().Which.Kind.Should().Be(SkipKind.Inconsistent);
        (await level.ListAsync()).Should().Equal("5./ Ya", "0./a", "0./a", "0./a");
        TarManifestRecord record = Manifest(level)["a"];
        record.IsSkipped.Should().BeTrue();
        record.IsStale.Should().BeTrue();
        level.Extract(_target);
        new FileInfo(Path.Combine(_target, "a")).Length.Should().Be(record.Size);
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableTheory]
    [InlineData(10)]
    [InlineData(Large)]
    public async Task A_file_that_grows_is_cut_and_stored_again_by_the_next_level(int size)
    {
        Write("a", size);
        bool isDone = false;
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            Reading = (path, offset) =>
            {
                if (!isDone)
                {
                    File.AppendAllText(At(path), "more");
                    isDone = true;
                }
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        level.Notes.Should().ContainSingle().Which.Reason.Should().Contain("changed while it was read");
        Manifest(level)["a"].Size.Should().Be(size);
        Manifest(level)["a"].IsRacy.Should().BeTrue();
        level.Extract(_target);
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableTheory]
    [InlineData(10)]
    [InlineData(Large)]
    public async Task An_unreadable_file_that_no_level_holds_is_a_skip_that_the_manifest_names(int size)
    {
        Write("a", size);
        Write("b", 10);
        TarLevel level = await TarLevel.TakeAsync(_source, tree: Denying("a"));
        level.Skips.Should().ContainSingle().Which.Should().Be(new SkippedEntry(EntryPath.Parse("a"), SkipKind.Unreadable, "Permission denied"));
        (await level.ListAsync())[^1].Should().Be(size == Large ? "5./ Yb" : "0./b");
        TarManifestRecord record = Manifest(level)["a"];
        record.IsStored.Should().BeFalse();
        record.SkipReason.Should().Be("Permission denied");
        level.Extract(_target);
        File.Exists(Path.Combine(_target, "a")).Should().BeFalse();
        TarLevel next = await TarLevel.TakeAsync(_source, level);
        next.Skips.Should().BeEmpty();
        next.Extract(_target);
        ShouldBeRestored();
    }

    [SkippableTheory]
    [InlineData(10, false)]
    [InlineData(10, true)]
    [InlineData(Large, false)]
    [InlineData(Large, true)]
    public async Task An_unreadable_file_that_an_earlier_level_holds_is_kept_as_it_was(int size, bool hasAttribute)
    {
        Write("a", size);
        if (hasAttribute)
        {
            NativeFiles.SetAttribute(NativeFiles.Path(At("a")), "user.a", [1]);
        }

        Write("b", 10);
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target);
        TreeSnapshot before = TreeSnapshot.Take(_source);
        Touch("a");
        TarLevel level = await TarLevel.TakeAsync(_source, full, Denying("a"));
        level.Skips.Should().ContainSingle();
        (await level.ListAsync()).Except(["5./ Na Nb", "5./ Ya Nb"]).Should().BeEmpty();
        TarManifestRecord record = Manifest(level)["a"];
        (record.IsStale, record.IsSkipped, record.IsStored).Should().Be((true, true, true));
        record.Content.Should().Be(Manifest(full)["a"].Content);
        level.Extract(_target);
        before.DifferencesTo(TreeSnapshot.Take(_target)).Should().BeEmpty();
        TarLevel next = await TarLevel.TakeAsync(_source, level);
        next.Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task An_unreadable_directory_that_an_earlier_level_holds_is_kept_with_all_that_is_in_it()
    {
        Write("d/a", 10);
        Write("d/sub/b", 10);
        Write("e/c", 10);
        NativeFiles.Link(NativeFiles.Path(At("d/a")), NativeFiles.Path(At("d/sub/a")));
        NativeFiles.Link(NativeFiles.Path(At("d/a")), NativeFiles.Path(At("e/a")));
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target);
        TreeSnapshot before = TreeSnapshot.Take(_source);
        TarLevel level = await TarLevel.TakeAsync(_source, full, new InterceptedFileTree(FileTree.ForThisMachine) { OpeningDirectory = DenyWhen("d") });
        level.Skips.Should().ContainSingle().Which.Path.ToString().Should().Be("d");
        level.Archive.Should().HaveCount(1024);
        Dictionary<string, TarManifestRecord> records = Manifest(level);
        records.Keys.Should().Equal(Manifest(full).Keys);
        records["d/sub/b"].IsStale.Should().BeTrue();
        records["d"].IsSkipped.Should().BeTrue();
        records["d/sub"].IsSkipped.Should().BeFalse();
        records["d/sub/a"].FirstName.ToString().Should().Be("d/a");
        records["e/a"].IsLaterName.Should().BeFalse();
        records["e/a"].IsStale.Should().BeFalse();
        level.Extract(_target);
        before.DifferencesTo(TreeSnapshot.Take(_target)).Should().BeEmpty();
        TarLevel next = await TarLevel.TakeAsync(_source, level);
        next.Extract(_target);
        ShouldBeRestored();
        Manifest(next).Values.Should().OnlyContain(static record => !record.IsStale && !record.IsSkipped);
    }

    [SkippableFact]
    public async Task An_unreadable_directory_that_no_level_holds_is_stored_empty()
    {
        Write("d/a", 10);
        TarLevel level = await TarLevel.TakeAsync(_source, tree: new InterceptedFileTree(FileTree.ForThisMachine) { Listing = DenyWhen("d") });
        level.Skips.Should().ContainSingle().Which.Path.ToString().Should().Be("d");
        (await level.ListAsync()).Should().Equal("5./ Dd", "5./d/");
        Manifest(level)["d"].SkipReason.Should().Be("Permission denied");
        level.Extract(_target);
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_directory_that_vanishes_takes_what_was_in_it_along()
    {
        Write("d/a", 10);
        TarLevel full = await TarLevel.TakeAsync(_source);
        full.Extract(_target);
        Touch("d/a");
        var tree = new InterceptedFileTree(FileTree.ForThisMachine) { OpeningDirectory = path => Directory.Delete(At(path), recursive: true) };
        TarLevel level = await TarLevel.TakeAsync(_source, full, tree);
        level.Skips.Should().BeEmpty();
        level.Notes.Should().ContainSingle();
        level.Extract(_target);
        Directory.GetFileSystemEntries(Path.Combine(_target, "d")).Should().BeEmpty();
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_file_that_cannot_be_read_to_its_end_is_a_skip_and_not_restored()
    {
        Write("a", Large);
        Write("b", 10);
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            Reading = static (path, offset) =>
            {
                if (path == "a" && offset > 0)
                {
                    throw new FileSystemException(FileError.Other, "Input/output error");
                }
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        level.Skips.Should().ContainSingle().Which.Reason.Should().Be("Input/output error");
        (await level.ListAsync()).Should().Equal("5./ Ya Yb", "0./a", "0./b", "5./ Yb");
        Manifest(level)["a"].IsStored.Should().BeFalse();
        level.Extract(_target);
        Directory.GetFiles(_target).Should().Equal(Path.Combine(_target, "b"));
    }

    [SkippableFact]
    public async Task Where_the_first_name_of_an_inode_cannot_be_read_the_next_one_carries_the_content()
    {
        Write("a", 10);
        NativeFiles.Link(NativeFiles.Path(At("a")), NativeFiles.Path(At("b")));
        NativeFiles.Link(NativeFiles.Path(At("a")), NativeFiles.Path(At("c")));
        TarLevel level = await TarLevel.TakeAsync(_source, tree: Denying("a"));
        (await level.ListAsync()).Should().Equal("5./ Yb Yc", "0./b", "1./c");
        Manifest(level)["c"].FirstName.ToString().Should().Be("b");
    }

    [SkippableFact]
    public async Task Where_the_first_name_of_an_inode_was_given_to_another_one_the_next_one_carries_the_content()
    {
        Write("a", 10);
        NativeFiles.Link(NativeFiles.Path(At("a")), NativeFiles.Path(At("b")));
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            OpeningFile = path =>
            {
                if (path == "a")
                {
                    File.Delete(At("a"));
                    Write("a", 20);
                }
            },
        };
        TarLevel level = await TarLevel.TakeAsync(_source, tree: tree);
        (await level.ListAsync()).Should().Equal("5./ Ya Yb", "0./a", "0./b");
        level.Extract(_target);
        (await TarLevel.TakeAsync(_source, level)).Extract(_target);
        ShouldBeRestored();
    }

    [SkippableFact]
    public async Task A_skip_fails_the_backup_where_the_options_say_so()
    {
        Write("a", 10);
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(_source, tree: Denying("a"), backupOptions: new BackupOptions { FailOnSkip = true }))
            .Should().ThrowAsync<BackupException>().WithMessage("*a: Permission denied*");
    }

    [SkippableFact]
    public async Task A_root_that_cannot_be_listed_fails_the_backup() =>
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(_source, tree: new InterceptedFileTree(FileTree.ForThisMachine) { Listing = DenyWhen(".") }))
            .Should().ThrowAsync<FileSystemException>().WithMessage("Permission denied");

    [SkippableFact]
    public async Task A_consumer_that_is_gone_ends_the_backup()
    {
        for (int i = 0; i < 40; i++)
        {
            Write($"{i % 7}/{i}", Large / 10);
        }

        var tree = new InterceptedFileTree(FileTree.ForThisMachine);
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(_source, tree: tree, stopReading: true))
            .Should().ThrowAsync<IOException>().WithMessage("*stopped before its end*");
        tree.Open.Should().Be(0);
    }

    [SkippableFact]
    public async Task A_cancelled_backup_leaves_nothing_open()
    {
        for (int i = 0; i < 40; i++)
        {
            Write($"{i % 7}/{i}", 1000);
        }

        using var cancel = new CancellationTokenSource();
        var tree = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            OpeningFile = path =>
            {
                if (path.StartsWith('3'))
                {
                    cancel.Cancel();
                }
            },
        };
        await FluentActions.Awaiting(() => TarLevel.TakeAsync(_source, tree: tree, cancellationToken: cancel.Token))
            .Should().ThrowAsync<OperationCanceledException>();
        tree.Open.Should().Be(0);
    }

    private static InterceptedFileTree Denying(string path) => new(FileTree.ForThisMachine) { OpeningFile = DenyWhen(path) };

    private static Action<string> DenyWhen(string denied) => path =>
    {
        if (path == denied)
        {
            throw InterceptedFileTree.Denied;
        }
    };

    private static Dictionary<string, TarManifestRecord> Manifest(TarLevel level) => ManifestContent.Read(level.Manifest);

    private Action<string> DeleteWhen(string doomed) => path =>
    {
        if (path == doomed)
        {
            File.Delete(At(path));
        }
    };

    private void ShouldBeRestored() => TreeSnapshot.Take(_source).DifferencesTo(TreeSnapshot.Take(_target)).Should().BeEmpty();

    private string At(string name) => Path.Combine(_source, name);

    /// <summary>Changes an entry without changing what it holds.</summary>
    private void Touch(string name) => NativeFiles.SetTimes(NativeFiles.Path(At(name)), new UnixTime(77, 7));

    private void Write(string name, int length)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        File.WriteAllBytes(At(name), content);
    }
}
