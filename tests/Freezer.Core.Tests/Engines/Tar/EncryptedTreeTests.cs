using System.Text;
using Freezer.Engines.Tar;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar;

/// <summary>Trees in an encrypted repository: the whole chain is restored at once, from ranges of its archives.</summary>
public sealed class EncryptedTreeTests : IDisposable
{
    private const string Secret = "Known-Plain-Text";

    private readonly ScratchDirectory _scratch = new();
    private readonly EncryptedRepository _repository = EncryptedRepository.CreateAsync().GetAwaiter().GetResult();

    public void Dispose()
    {
        _repository.Dispose();
        _scratch.Dispose();
    }

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("zstd")]
    public async Task A_tree_is_secret_and_comes_back_as_it_was_each_time(string codec)
    {
        string source = _scratch.Make(Secret);
        var engine = new TarEngine(_repository.Storage, null, new BackupEngineOptions { Keys = _repository.Keys, Parallelism = 2 });
        var options = new BackupOptions { Compression = new Compression(codec) };
        var mutator = new TreeMutator(source, seed: 5);
        List<(Backup Backup, TreeSnapshot Tree)> levels = [];
        for (int level = 0; level < 4; level++)
        {
            await ChangeAsync(mutator, source, level);
            BackupResult result = await engine.BackupAsync(source, "home", options);
            result.NewChainReason.Should().BeNull();
            levels.Add((result.Backup, TreeSnapshot.Take(source)));
        }

        levels.Select(static level => level.Backup.Level).Should().Equal(0, 1, 2, 3);
        foreach ((Backup backup, TreeSnapshot tree) in levels)
        {
            string destination = Path.Combine(_scratch.Path, $"restored-{backup.Level}");
            await engine.RestoreAsync("home", destination, new RestoreOptions { To = backup.Timestamp });
            TreeSnapshot.Take(destination).DifferencesTo(tree).Should().BeEmpty();
        }

        (await _repository.FindAsync(Encoding.UTF8.GetBytes(Secret), "ustar"u8.ToArray(), "FZTM"u8.ToArray(), "GNU.dumpdir"u8.ToArray())).Should().BeEmpty();
    }

    private static async Task ChangeAsync(TreeMutator mutator, string source, int level)
    {
        if (level == 0)
        {
            mutator.Grow(60);
        }
        else
        {
            mutator.Mutate(15);
        }

        // Long enough for several segments, at a place in the archive that no segment begins at.
        byte[] content = new byte[2_345_678];
        new Random(level).NextBytes(content);
        Encoding.UTF8.GetBytes(Secret).CopyTo(content, 1_500_000);
        await File.WriteAllBytesAsync(Path.Combine(source, $"{Secret}-{level}.bin"), content);
    }
}
