using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>Whatever happens to what is stored: a restore is right, or an error.</summary>
public sealed class DamageTests : IDisposable
{
    private const int Levels = 2;

    private readonly ScratchDirectory _scratch = new();
    private readonly Random _random = new(1);
    private readonly string _source;
    private readonly Store _store;
    private int _targets;

    public DamageTests()
    {
        _source = _scratch.Make("source");
        _store = new Store(Path.Combine(_scratch.Path, "store"));
    }

    public static TheoryData<string> Compressions => ["zstd", "gzip", "none"];

    public void Dispose() => _scratch.Dispose();

    /// <summary>So many bytes of each object; the documents, whose layout does not depend on the compression, once as a whole.</summary>
    [SkippableTheory]
    [InlineData("zstd", 120)]
    [InlineData("gzip", 40)]
    [InlineData("none", 40)]
    public async Task No_flipped_bit_makes_a_wrong_tree(string compression, int positions)
    {
        (List<string> objects, TreeSnapshot tree) = await MakeAsync(compression);
        int errors = 0;
        foreach (string path in objects)
        {
            byte[] sound = File.ReadAllBytes(path);
            int[] all = [.. Enumerable.Range(0, sound.Length)];
            foreach (int position in Path.GetFileName(path) == "metadata" && compression == "zstd" ? all : _random.GetItems(all, positions))
            {
                byte[] damaged = [.. sound];
                damaged[position] ^= (byte)(1 << _random.Next(8));
                File.WriteAllBytes(path, damaged);
                errors += await RestoreIsAnErrorAsync(tree, $"byte {position} of {path} was {sound[position]} and is {damaged[position]}") ? 1 : 0;
            }

            File.WriteAllBytes(path, sound);
        }

        errors.Should().BePositive();
        (await RestoreIsAnErrorAsync(tree, "nothing is damaged")).Should().BeFalse();
    }

    [SkippableTheory]
    [MemberData(nameof(Compressions))]
    public async Task No_object_that_is_cut_or_grown_makes_a_wrong_tree(string compression)
    {
        (List<string> objects, TreeSnapshot tree) = await MakeAsync(compression);
        foreach (string path in objects)
        {
            byte[] sound = File.ReadAllBytes(path);
            List<byte[]> wrongs = [[.. sound, 0], [.. sound, .. sound]];
            for (int i = 0; i < 10; i++)
            {
                wrongs.Add(sound[.._random.Next(sound.Length)]);
            }

            foreach (byte[] wrong in wrongs)
            {
                File.WriteAllBytes(path, wrong);
                (await RestoreIsAnErrorAsync(tree, $"{path} has {wrong.Length} bytes instead of {sound.Length}")).Should().BeTrue();
            }

            File.WriteAllBytes(path, sound);
        }
    }

    [SkippableFact]
    public async Task No_object_in_the_place_of_another_one_makes_a_wrong_tree()
    {
        (List<string> objects, TreeSnapshot tree) = await MakeAsync("none");
        int errors = 0;
        foreach (string path in objects)
        {
            byte[] sound = File.ReadAllBytes(path);
            foreach (string other in objects.Where(other => other != path))
            {
                // An index of the same length may go unnoticed: what is read from its beginning needs none.
                File.Copy(other, path, overwrite: true);
                errors += await RestoreIsAnErrorAsync(tree, $"{other} lies in the place of {path}") ? 1 : 0;
            }

            File.WriteAllBytes(path, sound);
        }

        errors.Should().BeInRange((objects.Count - 1) * objects.Count - Levels, (objects.Count - 1) * objects.Count);
    }

    /// <summary>A backup that builds on what is damaged is right as well, or an error, or its restore is one.</summary>
    [SkippableFact]
    public async Task No_backup_on_a_damaged_chain_makes_a_wrong_tree()
    {
        (List<string> objects, _) = await MakeAsync("zstd");
        string sound = Path.Combine(_scratch.Path, "sound");
        Tool.Run("cp", ["-a", _store.Path, sound]);
        File.WriteAllText(Path.Combine(_source, "after"), "the damage");
        TreeSnapshot tree = TreeSnapshot.Take(_source);
        foreach (string path in objects)
        {
            for (int i = 0; i < 6; i++)
            {
                byte[] content = File.ReadAllBytes(path);
                int position = _random.Next(content.Length);
                content[position] ^= (byte)(1 << _random.Next(8));
                File.WriteAllBytes(path, content);
                try
                {
                    await _store.OpenEngine().BackupAsync(_source, _store.Name);
                    await RestoreIsAnErrorAsync(tree, $"byte {position} of {path} was damaged before the backup");
                }
                catch (Exception exception) when (exception is BackupException or StorageException)
                {
                    exception.Message.Should().NotBeEmpty();
                }

                Tool.Run("rm", ["-rf", _store.Path]);
                Tool.Run("cp", ["-a", sound, _store.Path]);
            }
        }
    }

    private async Task<bool> RestoreIsAnErrorAsync(TreeSnapshot tree, string damage)
    {
        string target = Path.Combine(_scratch.Path, $"target-{_targets++}");
        try
        {
            RestoreResult result = await _store.OpenEngine().RestoreAsync(_store.Name, target);
            result.Outcome.Should().Be(BackupOutcome.Complete, damage);
            tree.DifferencesTo(TreeSnapshot.Take(target)).Should().BeEmpty(damage);
            return false;
        }
        catch (Exception exception) when (exception is BackupException or StorageException)
        {
            // Said by name, and seen by whoever lists.
            exception.Message.Should().NotBeEmpty();
            await foreach (Backup backup in new BackupCatalog(_store.OpenEngine().Storage).ListAsync())
            {
                backup.BackupName.Should().Be(_store.Name);
            }

            return true;
        }
        finally
        {
            if (Directory.Exists(target))
            {
                Directory.Delete(target, recursive: true);
            }
        }
    }

    /// <summary>A small chain, the files that hold it, and the tree of its last level.</summary>
    private async Task<(List<string> Objects, TreeSnapshot Tree)> MakeAsync(string compression)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the tree is one that only Linux can have");
        string folder = Directory.CreateDirectory(Path.Combine(_source, "folder")).FullName;
        byte[] noise = new byte[3000];
        _random.NextBytes(noise);
        File.WriteAllBytes(Path.Combine(folder, "noise"), noise);
        File.WriteAllText(Path.Combine(folder, "text"), string.Concat(Enumerable.Repeat("again and again ", 100)));
        File.WriteAllText(Path.Combine(_source, "edited"), "before");
        File.WriteAllText(Path.Combine(_source, "deleted"), "soon");
        File.CreateSymbolicLink(Path.Combine(_source, "link"), "folder/text");
        NativeFiles.Link(NativeFiles.Path(folder, "noise"u8), NativeFiles.Path(_source, "noise-too"u8));
        NativeFiles.Write(NativeFiles.Path(_source, "sparse"u8), "end"u8, 100_000);
        var options = new BackupOptions { Compression = Compression.Parse(compression) };
        List<string> objects = [];
        for (int level = 0; level < Levels; level++)
        {
            BackupResult result = await _store.OpenEngine().BackupAsync(_source, _store.Name, options);
            result.Backup.Level.Should().Be(level);
            objects.AddRange(((string[])["data", "engine_metadata", "index", "metadata"]).Select(role => _store.PathOf(result.Backup, role)));
            if (level == 0)
            {
                File.WriteAllText(Path.Combine(_source, "edited"), "after");
                File.Delete(Path.Combine(_source, "deleted"));
            }
        }

        return (objects, TreeSnapshot.Take(_source));
    }
}
