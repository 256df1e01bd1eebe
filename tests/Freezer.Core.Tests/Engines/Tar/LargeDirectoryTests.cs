using Freezer.Engines.Tar;
using Freezer.Platform;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar;

/// <summary>A directory whose block in the manifest is many times as long as a frame.</summary>
public sealed class LargeDirectoryTests : IDisposable
{
    private const int Names = 50_000;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task Its_backups_are_built_on_and_restored()
    {
        Skip.IfNot(LinuxFileTree.IsSupported, "Names of one file are made faster than files, and only Linux's tree has them.");
        string source = _scratch.Make("source");
        byte[] first = NativeFiles.Path(Path.Combine(source, "0"));
        NativeFiles.Write(first, "content"u8);
        for (int i = 1; i < Names; i++)
        {
            NativeFiles.Link(first, NativeFiles.Path(Path.Combine(source, $"name {i}")));
        }

        // The less is compressed at a time the fewer buffers are at hand, and the sooner a larger one is taken.
        await using var storage = new MemoryStorage();
        var engine = new TarEngine(storage, options: new BackupEngineOptions { Parallelism = 1 });
        await engine.BackupAsync(source, "home");
        BackupResult increment = await engine.BackupAsync(source, "home");
        RestoreResult restored = await engine.RestoreAsync("home", Path.Combine(_scratch.Path, "target"), new RestoreOptions { Include = [EntryPath.Parse("name 49999")] });

        increment.Backup.Level.Should().Be(1, increment.NewChainReason);
        restored.Outcome.Should().Be(BackupOutcome.Complete);
        File.ReadAllText(Path.Combine(_scratch.Path, "target", "name 49999")).Should().Be("content");
    }
}
