using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Engines.BlockDiff;

public sealed partial class BlockDiffEngineTests
{
    [Fact]
    public void One_pass_and_replay_both_give_the_source_at_every_level_of_a_chain()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed => HoldsForAChain(seed).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(12));
    }

    /// <summary>Eight backups of an image that changes; where its size does, a new chain begins.</summary>
    private static async Task HoldsForAChain(int seed)
    {
        var random = new Random(seed);
        var bed = new BlockTestBed(blockSize: random.Next(2) == 0 ? 4096 : 16384, parallelism: random.Next(1, 5));
        MemoryVolume volume = bed.Volumes.Add("source", Images.Random(random, random.Next(0, 300 * 4096)));
        volume.LongestRead = random.Next(2) == 0 ? int.MaxValue : random.Next(1000, 100_000);
        List<StoredLevel> chain = [];
        for (int backup = 0; backup < 8; backup++)
        {
            int length = volume.Content.Length;
            volume.Content = backup == 0 ? volume.Content : Images.Change(random, volume.Content);
            if (chain.Count > 0 && (await bed.PlanAsync("source", chain[^1])).NewChainReason is { } reason)
            {
                reason.Should().Contain($"{length}").And.Contain($"{volume.Content.Length}");
                chain.Clear();
            }

            volume.Data = random.Next(2) == 0 ? null : Images.FindData(volume.Content, granularity: 4096);
            chain.Add(await bed.BackupAsync("source", chain.LastOrDefault()));
            await RestoresTo(volume.Content, bed, chain, random);
        }

        bed.Pool.Outstanding.Should().Be(0);
    }

    private static async Task RestoresTo(byte[] expected, BlockTestBed bed, List<StoredLevel> chain, Random random)
    {
        StoredLevel[] withoutManifests = [.. chain.Select(static level => level with { Manifest = [] })];
        byte[] old = new byte[random.Next(0, (expected.Length * 2) + 1)];
        Images.FillRandom(old, 7);
        foreach (byte[]? before in (byte[]?[])[null, old])
        {
            MemoryVolume replayed = await RestoreAsync(bed, withoutManifests, before);
            replayed.Content.AsSpan().SequenceEqual(expected).Should().BeTrue("every level was replayed");

            MemoryVolume restored = await RestoreAsync(bed, chain, before);
            restored.Content.AsSpan().SequenceEqual(expected).Should().BeTrue("every block was taken from where it is");
            restored.BytesWritten.Should().Be(Images.CountData(expected, bed.BlockSize), "each block is written once");
            restored.BytesZeroed.Should().Be(before is null ? 0 : expected.Length - restored.BytesWritten);
            bed.Report.Bytes.Should().Be(restored.BytesWritten);
            bed.Report.TotalBytes.Should().Be(restored.BytesWritten);
        }
    }

    /// <summary>Restores to a new volume, or to one that holds something.</summary>
    private static async Task<MemoryVolume> RestoreAsync(BlockTestBed bed, IReadOnlyList<StoredLevel> chain, byte[]? before = null)
    {
        bed.Volumes.ByName.TryRemove("target", out _);
        if (before is not null)
        {
            bed.Volumes.Add("target", [.. before]);
        }

        await bed.RestoreAsync("target", chain, overwrite: true);
        MemoryVolume volume = bed.Volumes["target"];
        volume.Flushes.Should().Be(1);
        volume.Disposals.Should().Be(1);
        return volume;
    }
}
