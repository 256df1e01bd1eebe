using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Freezer.Dataflow;
using Freezer.Engines.BlockDiff;
using Freezer.Tests.Formats.RbdDiff;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Engines.BlockDiff;

public sealed class BlockManifestTests
{
    private const int BlockSize = 4096;

    private static readonly Guid[] Backups = [Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Guid.Parse("ffffffff-0000-0000-0000-000000000001")];

    [Fact]
    public void The_layout_is_as_documented()
    {
        byte[] expected =
        [
            .. "frzblock"u8, 1, 0, 0, 0, 0, 16, 0, 0, 1, 80, 0, 0, 0, 0, 0, 0, 2, 0, .. "ab"u8,
            (byte)'z', 4, 0, 0, 0, 0, 0, 0, 0,
            (byte)'d', 2, 0, 0, 0, .. Convert.FromHexString("00112233445566778899aabbccddeeff"), 9, 0, 0, 0, 0, 0, 0, 0, .. Digest(1), .. Digest(2),
            (byte)'e', 6, 0, 0, 0, 0, 0, 0, 0,
        ];
        Block[] blocks = [default, default, default, default, new(0, 9, 1), new(0, 9 + BlockSize, 2)];

        Write(blocks, length: (5 * BlockSize) + 1).ToArray().Should().Equal(expected);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            Block[] blocks = RandomBlocks(random, random.Next(0, 2000));
            byte[] manifest = Write(blocks).ToArray();
            ReadAsync(manifest, random.Next(1, 10_000)).GetAwaiter().GetResult().Should().Equal(blocks);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public async Task A_manifest_that_is_cut_anywhere_is_refused()
    {
        byte[] manifest = Write(RandomBlocks(new Random(1), 20)).ToArray();
        for (int length = 0; length < manifest.Length; length++)
        {
            Func<Task> read = () => ReadAsync(manifest[..length], 50);
            await read.Should().ThrowAsync<BlockManifestException>($"{length} of {manifest.Length} bytes are not the whole");
        }
    }

    [Fact]
    public async Task Any_flipped_bit_gives_another_content_or_is_refused()
    {
        Block[] blocks = RandomBlocks(new Random(2), 20);
        byte[] manifest = Write(blocks).ToArray();
        for (int bit = 0; bit < manifest.Length * 8; bit++)
        {
            byte[] flipped = [.. manifest];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                (Block[] read, BlockManifestHeader header) = await ReadAllAsync(flipped, int.MaxValue);
                (read.SequenceEqual(blocks) && header == Header(blocks.Length * BlockSize)).Should().BeFalse();
            }
            catch (IOException e)
            {
                (e is BlockManifestException or BackupUnsupportedException).Should().BeTrue();
            }
        }
    }

    [Fact]
    public async Task What_follows_the_end_is_refused()
    {
        Func<Task> read = () => ReadAsync([.. Write([default]).ToArray(), 0], 1);

        await read.Should().ThrowAsync<BlockManifestException>().WithMessage("*follows its end*");
    }

    [Fact]
    public void A_frame_may_end_where_a_group_of_blocks_does()
    {
        Block[] dense = [.. Enumerable.Range(0, 1000).Select(static i => new Block(0, i * BlockSize, i))];

        Write(dense).Blocks.Should().HaveCount(4, "there are four groups of 256 blocks, and the header");
        Write([.. Enumerable.Repeat(default(Block), 100_000)]).ToArray().Length.Should().BeLessThan(100);
    }

    /// <summary>A zero block, or one of a number, in one of two backups.</summary>
    private readonly record struct Block(int Backup, long Offset, int? Number);

    /// <summary>A digest that says its number in every four bytes.</summary>
    private static byte[] Digest(int number)
    {
        int[] words = new int[Sha256Digest.Size / sizeof(int)];
        Array.Fill(words, number);
        return MemoryMarshal.AsBytes<int>(words).ToArray();
    }

    private static BlockManifestHeader Header(long length) => new(new BlockGeometry(length, BlockSize), "ab");

    private static Block[] RandomBlocks(Random random, int count)
    {
        List<Block> blocks = [];
        while (blocks.Count < count)
        {
            int run = Math.Min(count - blocks.Count, random.Next(1, 400));
            bool isZero = random.Next(3) == 0;
            int backup = random.Next(2);
            long offset = random.NextInt64(1L << 50);
            for (int i = 0; i < run; i++)
            {
                blocks.Add(isZero ? default : new Block(backup, offset + ((long)i * BlockSize), random.Next()));
            }
        }

        return [.. blocks];
    }

    private static MemoryManifest Write(Block[] blocks, long? length = null)
    {
        var manifest = new MemoryManifest();
        var writer = new BlockManifestWriter(manifest, Header(length ?? ((long)blocks.Length * BlockSize)));
        writer.WriteHeader();
        foreach (Block block in blocks)
        {
            if (block.Number is { } number)
            {
                writer.Add(Backups[block.Backup], block.Offset, Sha256Digest.From(Digest(number)));
            }
            else
            {
                writer.AddZeros(1);
            }
        }

        writer.WriteEnd();
        writer.Unflushed.Should().Be(manifest.ToArray().Length);
        return manifest;
    }

    private static async Task<Block[]> ReadAsync(byte[] manifest, int pieceSize) => (await ReadAllAsync(manifest, pieceSize)).Blocks;

    private static async Task<(Block[] Blocks, BlockManifestHeader Header)> ReadAllAsync(byte[] manifest, int pieceSize)
    {
        var reader = new BlockManifestReader(PipeReader.Create(new PiecewiseStream(manifest, pieceSize)));
        BlockManifestHeader header = await reader.ReadHeaderAsync(CancellationToken.None);
        List<Block> blocks = [];
        while (await reader.ReadRunAsync(CancellationToken.None))
        {
            BlockRun run = reader.Run;
            blocks.Count.Should().Be((int)run.First);
            for (int i = 0; i < run.Count; i++)
            {
                blocks.Add(run.IsZero ? default : new Block(Array.IndexOf(Backups, run.BackupId), run.ArchiveOffset + ((long)i * BlockSize), NumberOf(reader.Digests[i])));
            }
        }

        return ([.. blocks], header);
    }

    /// <summary>The number of a digest, or -1 for one that is damaged; numbers are not below zero.</summary>
    private static int NumberOf(Sha256Digest digest)
    {
        int number = MemoryMarshal.Read<int>(digest);
        return digest.Equals(Sha256Digest.From(Digest(number))) ? number : -1;
    }
}
