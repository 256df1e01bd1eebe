using Freezer.Catalog;
using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Documentation;

/// <summary>The code of docs/storages.md, run as it stands there.</summary>
public sealed class StoragesExamples : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Layers()
    {
        string backups = _scratch.Make("backups");

        #region Layers
        await using IStorage storage = new FileStorage(backups)
            .WithTimeout(TimeSpan.FromMinutes(1))
            .WithBandwidthLimit(new BandwidthOptions { WrittenPerSecond = 50_000_000 })
            .WithLimit(8)
            .WithRetry();
        #endregion

        (await new TarEngine(storage).BackupAsync(MakeFolder(), "home")).Outcome.Should().Be(BackupOutcome.Complete);
    }

    [Fact]
    public async Task Mirrors()
    {
        string here = _scratch.Make("here");
        string attic = _scratch.Make("attic");
        string cellar = _scratch.Make("cellar");
        string folder = MakeFolder();

        #region A mirror
        await using var mirror = new MirrorStorage(
            [new("here", new FileStorage(here)), new("attic", new FileStorage(attic)), new("cellar", new FileStorage(cellar))],
            new MirrorOptions { Quorum = 2 });
        BackupResult result = await new TarEngine(mirror).BackupAsync(folder, "home");
        if (result.Outcome == BackupOutcome.CompleteWithDegradedMirror)
        {
            MirrorSynchronization synchronization = await mirror.SynchronizeAsync();
            Console.WriteLine($"{synchronization.Copied} objects copied, {synchronization.Lagging.Count} storages still out");
        }
        #endregion

        result.Outcome.Should().Be(BackupOutcome.Complete);
    }

    [Fact]
    public async Task Copies()
    {
        await using var storage = new FileStorage(_scratch.Make("backups"));
        await using var elsewhere = new FileStorage(_scratch.Make("elsewhere"));
        await new TarEngine(storage).BackupAsync(MakeFolder(), "home");

        #region A copy
        var catalog = new BackupCatalog(storage);
        await foreach (Backup backup in catalog.ListAsync("tar", "home"))
        {
            BackupCopyResult copy = await catalog.CopyAsync(backup, elsewhere);
            Console.WriteLine($"{backup}: {copy.BytesCopied} bytes copied, {copy.Kept} objects were there");
        }
        #endregion

        await new TarEngine(elsewhere).RestoreAsync("home", Path.Combine(_scratch.Path, "restored"));
        (await File.ReadAllTextAsync(Path.Combine(_scratch.Path, "restored", "letter.txt"))).Should().Be("Dear Ada,");
    }

    private string MakeFolder()
    {
        string folder = _scratch.Make("folder");
        File.WriteAllText(Path.Combine(folder, "letter.txt"), "Dear Ada,");
        return folder;
    }
}
