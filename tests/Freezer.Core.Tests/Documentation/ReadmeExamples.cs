using System.Security.Cryptography;
using Freezer.Catalog;
using Freezer.Engines.Tar;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Documentation;

/// <summary>The code of README.md, run as it stands there.</summary>
public sealed class ReadmeExamples : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task The_main_job()
    {
        string backups = _scratch.Make("backups");
        string folder = _scratch.Make("folder");
        string destination = Path.Combine(_scratch.Path, "restored");
        await File.WriteAllTextAsync(Path.Combine(folder, "letter.txt"), "Dear Ada,");

        #region The main job
        await using var storage = new FileStorage(backups);
        var engine = new TarEngine(storage);
        BackupResult result = await engine.BackupAsync(folder, "home");
        Console.WriteLine($"{result.Backup}: {result.Outcome}, {result.Backup.BytesStored} bytes");
        await engine.RestoreAsync("home", destination, new RestoreOptions { To = result.Backup.Timestamp });
        #endregion

        result.Outcome.Should().Be(BackupOutcome.Complete);
        (await File.ReadAllTextAsync(Path.Combine(destination, "letter.txt"))).Should().Be("Dear Ada,");
    }

    [Fact]
    public async Task A_policy_of_levels()
    {
        string folder = _scratch.Make("folder");
        await File.WriteAllTextAsync(Path.Combine(folder, "letter.txt"), "Dear Ada,");
        await using var storage = new MemoryStorage();
        var engine = new TarEngine(storage, new TarEngineOptions { Exclude = ["*.tmp"] });

        #region A policy of levels
        var weekly = new BackupOptions
        {
            AlwaysLevel = 1,                                // a full backup, then differences to it,
            RestartAlwaysLevel = TimeSpan.FromDays(7),      // and a full one again after a week
            Compression = Compression.Zstd.WithLevel(9),
        };
        BackupResult result = await engine.BackupAsync(folder, "home", weekly);
        foreach (SkippedEntry skip in result.Skips)
        {
            Console.WriteLine($"{skip.Path} is not in the backup: {skip.Reason}");
        }

        await foreach (Backup backup in new BackupCatalog(storage).ListAsync())
        {
            Console.WriteLine(backup);
        }
        #endregion

        result.Compression.Level.Should().Be(9);
        (await new BackupCatalog(storage).ListAsync().CountAsync()).Should().Be(1);
    }

    [Fact]
    public async Task A_verification()
    {
        string folder = _scratch.Make("folder");
        string destination = Path.Combine(_scratch.Path, "restored");
        await File.WriteAllTextAsync(Path.Combine(folder, "letter.txt"), "Dear Ada,");
        await using var storage = new MemoryStorage();
        var engine = new TarEngine(storage);
        await engine.BackupAsync(folder, "home");

        #region A verification
        VerifyResult verified = await engine.VerifyAsync("home", new VerifyOptions { All = true, Depth = VerifyDepth.Content });
        foreach (Defect defect in verified.Defects)
        {
            Console.WriteLine($"{defect.Object} at {defect.Offset}: {defect.Reason} Lost: {string.Join(", ", defect.Lost.Select(lost => lost.Path))}");
        }

        await engine.RestoreAsync("home", destination, new RestoreOptions { SkipDamaged = !verified.IsSound });
        #endregion

        verified.IsSound.Should().BeTrue();
        (await File.ReadAllTextAsync(Path.Combine(destination, "letter.txt"))).Should().Be("Dear Ada,");
    }

    [Fact]
    public async Task An_encrypted_repository()
    {
        string folder = _scratch.Make("folder");
        await File.WriteAllTextAsync(Path.Combine(folder, "letter.txt"), "Dear Ada,");
        byte[] keyFile = RandomNumberGenerator.GetBytes(RawKey.Size);
        await using var storage = new MemoryStorage();

        #region An encrypted repository
        using var passphrase = new PassphraseKey("correct horse battery staple");
        using KeyRing keys = await KeyRing.OpenOrCreateAsync(storage, passphrase);
        var engine = new TarEngine(storage, null, new BackupEngineOptions { Keys = keys });
        await engine.BackupAsync(folder, "home");
        await keys.AddAsync(new RawKey(keyFile));           // another key that opens it; no data is rewritten
        #endregion

        using var raw = new RawKey(keyFile);
        using KeyRing opened = await KeyRing.OpenAsync(storage, raw);
        string destination = Path.Combine(_scratch.Path, "restored");
        await new TarEngine(storage, null, new BackupEngineOptions { Keys = opened }).RestoreAsync("home", destination);
        (await File.ReadAllTextAsync(Path.Combine(destination, "letter.txt"))).Should().Be("Dear Ada,");
    }
}
