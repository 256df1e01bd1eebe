using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>What a restore promises on every file tree. A test that needs more than all can do names the capability.</summary>
public abstract partial class RestoreContract : IDisposable
{
    private RestoreBench? _bench;

    private protected abstract FileTree Tree { get; }

    private protected RestoreBench Bench => _bench ??= new RestoreBench(Tree);

    public void Dispose()
    {
        _bench?.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static ArchiveBuilder Archive() => new();

    private protected static RestoreOptions Overwrite { get; } = new() { Overwrite = true };

    private protected static EntryPath P(string path) => EntryPath.Parse(path);

    private protected void Need(FileTreeCapabilities capability) =>
        Xunit.Skip.IfNot(Tree.Capabilities.HasFlag(capability), $"{Tree.GetType().Name} has no {capability}");

    private protected void FileShouldBe(string path, string content) => File.ReadAllText(Bench[path]).Should().Be(content);

    private protected void ShouldHoldExactly(params string[] names) => Bench.Names().Should().BeEquivalentTo(names);

    private protected FileStatus Status(string path)
    {
        using TargetDirectory root = Tree.OpenTarget(Bench.Root);
        EntryPath entry = P(path);
        if (entry.IsRoot)
        {
            return root.Status;
        }

        using TargetDirectory parent = root.OpenPath(entry.Parent.Bytes.Span);
        parent.TryStat(entry.Name.Span, out FileStatus status).Should().BeTrue($"{path} should be there");
        return status;
    }
}

public sealed class LinuxRestoreTests : RestoreContract
{
    public LinuxRestoreTests() => Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "this is not Linux");

    private protected override FileTree Tree => LinuxFileTree.Instance;
}

public sealed class PortableRestoreTests : RestoreContract
{
    private protected override FileTree Tree => PortableFileTree.Instance;
}
