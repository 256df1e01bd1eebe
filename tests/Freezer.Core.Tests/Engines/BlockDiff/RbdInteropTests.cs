using Freezer.Tests.Formats.RbdDiff;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Ceph's own tool takes the archives, and what it makes of them can be restored.</summary>
public sealed class RbdInteropTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly BlockTestBed _bed = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task A_chain_that_rbd_has_merged_restores_to_the_newest_level()
    {
        Tool.Require("rbd");
        var random = new Random(11);
        MemoryVolume volume = _bed.Volumes.Add("source", Images.Random(random, 2_000_000));
        StoredLevel full = await _bed.BackupAsync("source");
        await File.WriteAllBytesAsync(_scratch["merged0"], full.Archive);
        StoredLevel newest = full;
        for (int level = 1; level <= 3; level++)
        {
            byte[] changed = Images.Change(random, volume.Content);
            Array.Resize(ref changed, volume.Content.Length);
            volume.Content = changed;
            newest = await _bed.BackupAsync("source", newest);
            await File.WriteAllBytesAsync(_scratch["next"], newest.Archive);
            Tool.Run("rbd", "merge-diff", _scratch[$"merged{level - 1}"], _scratch["next"], _scratch[$"merged{level}"]);
        }

        byte[] merged = await File.ReadAllBytesAsync(_scratch["merged3"]);
        SampleDiff diff = await SampleDiff.ReadAsync(merged);
        diff.Header.Should().Be(new Freezer.Formats.RbdDiff.RbdDiffHeader(null, $"freezer-{newest.Backup.Id:n}", volume.Content.Length));

        await _bed.RestoreAsync("target", [full with { Archive = merged, Manifest = [] }]);
        _bed.Volumes["target"].Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue();
    }

    [SkippableFact]
    public async Task Two_increments_that_rbd_has_merged_are_one_increment()
    {
        Tool.Require("rbd");
        var random = new Random(12);
        MemoryVolume volume = _bed.Volumes.Add("source", Images.Random(random, 2_000_000));
        StoredLevel full = await _bed.BackupAsync("source");
        volume.Content.AsSpan(100_000, 700_000).Clear();
        StoredLevel first = await _bed.BackupAsync("source", full);
        Images.FillRandom(volume.Content.AsSpan(600_000, 500_000), 13);
        StoredLevel second = await _bed.BackupAsync("source", first);
        await File.WriteAllBytesAsync(_scratch["first"], first.Archive);
        await File.WriteAllBytesAsync(_scratch["second"], second.Archive);

        Tool.Run("rbd", "merge-diff", _scratch["first"], _scratch["second"], _scratch["both"]);

        StoredLevel both = second with { Archive = await File.ReadAllBytesAsync(_scratch["both"]), Manifest = [] };
        await _bed.RestoreAsync("target", [full with { Manifest = [] }, both]);
        _bed.Volumes["target"].Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue();
    }
}
