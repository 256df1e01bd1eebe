using Freezer.Formats.RbdDiff;
using Freezer.Tests.Formats.RbdDiff;

namespace Freezer.Tests.Engines.BlockDiff;

public sealed partial class BlockDiffEngineTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_replay_follows_a_volume_that_shrinks_and_grows(bool isNew, bool isDevice)
    {
        // Another program's chain may change the size. What a level gains is zero unless it says otherwise.
        var bed = new BlockTestBed();
        StoredLevel[] chain =
        [
            Level(0, new RbdDiffHeader(null, "a", 20), SampleExtent.Data(0, 1, 1, 1, 1), SampleExtent.Data(15, 1, 1)),
            Level(1, new RbdDiffHeader("a", "b", 5), SampleExtent.Data(4, 2)),
            Level(2, new RbdDiffHeader("b", "c", 25), SampleExtent.Data(10, 3), SampleExtent.Zero(1, 1)),
        ];
        byte[] expected = new byte[25];
        new byte[] { 1, 0, 1, 1, 2 }.CopyTo(expected, 0);
        expected[10] = 3;
        if (!isNew)
        {
            MemoryVolume old = bed.Volumes.Add("target", Enumerable.Repeat((byte)9, 100).ToArray());
            old.HasFixedLength = isDevice;
        }

        await bed.RestoreAsync("target", chain, overwrite: true);

        bed.Volumes["target"].Content.Take(25).Should().Equal(expected);
        bed.Volumes["target"].Content.Should().HaveCount(isDevice ? 100 : 25);
    }

    private static StoredLevel Level(int level, RbdDiffHeader header, params SampleExtent[] extents) => new(
        new Backup
        {
            EngineName = "block",
            BackupName = "foreign",
            ChainTimestamp = DateTimeOffset.UnixEpoch,
            Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(level),
            Level = level,
            Id = new Guid(level + 1, 0, 0, new byte[8]),
        },
        new SampleDiff(header, [.. extents.OrderBy(static extent => extent.Offset)]).Write(),
        Manifest: [],
        ManifestBlocks: []);
}
