using System.Buffers;
using System.IO.Pipelines;
using Freezer.Formats.Tar;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarHostileInputTests
{
    [Fact]
    public async Task An_archive_cut_anywhere_is_refused()
    {
        byte[] archive = TarArchive.Write(TarSamples.Members);
        for (int length = 0; length < archive.Length; length++)
        {
            (await ReadAsync(archive.AsMemory(0, length))).Should().BeFalse("only {0} of {1} bytes are there", length, archive.Length);
        }

        (await ReadAsync(archive)).Should().BeTrue();
    }

    [Fact]
    public async Task A_flipped_bit_is_refused_or_read_but_nothing_else()
    {
        int refused = 0;
        int bits = 0;
        foreach (TarMember member in TarSamples.Members)
        {
            byte[] archive = TarArchive.Write(member);
            for (int bit = 0; bit < archive.Length * 8; bit++, bits++)
            {
                archive[bit / 8] ^= (byte)(1 << (bit % 8));
                refused += await ReadAsync(archive) ? 0 : 1;
                archive[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        refused.Should().BeInRange(bits / 4, bits - 1);
    }

    [Fact]
    public async Task A_flipped_bit_under_a_right_checksum_is_refused_or_read_but_nothing_else()
    {
        int refused = 0;
        int bits = 0;
        foreach (TarMember member in TarSamples.Members)
        {
            byte[][] blocks = [.. TarArchive.Write(member).Chunk(TarLayout.BlockLength)];
            foreach (int header in Enumerable.Range(0, blocks.Length).Where(i => TarChecksum.Verify(blocks[i])).ToArray())
            {
                byte[] original = blocks[header];
                for (int bit = 0; bit < TarLayout.BlockLength * 8; bit++, bits++)
                {
                    byte[] changed = [.. original];
                    changed[bit / 8] ^= (byte)(1 << (bit % 8));
                    blocks[header] = TarBlocks.Seal(changed);
                    refused += await ReadAsync(TarBlocks.Join(blocks)) ? 0 : 1;
                }

                blocks[header] = original;
            }
        }

        refused.Should().BeInRange(bits / 100, bits - 1);
    }

    /// <summary>True when the archive was read to its end, false when it was refused. Any other exception fails the test.</summary>
    private static async Task<bool> ReadAsync(ReadOnlyMemory<byte> archive)
    {
        var reader = new TarReader(PipeReader.Create(new ReadOnlySequence<byte>(archive)));
        try
        {
            while (await reader.ReadEntryAsync(CancellationToken.None) is not null)
            {
            }

            return true;
        }
        catch (TarFormatException)
        {
            return false;
        }
    }
}
