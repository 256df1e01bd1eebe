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
    public void A_flipped_bit_in_a_header_breaks_its_checksum()
    {
        foreach (byte[] block in TarArchive.Write(TarSamples.Members).Chunk(TarLayout.BlockLength).Where(block => TarChecksum.Verify(block)))
        {
            for (int bit = 0; bit < block.Length * 8; bit++)
            {
                if (bit / 8 is >= TarLayout.ChecksumOffset and < TarLayout.ChecksumOffset + TarLayout.ShortNumberLength)
                {
                    continue;
                }

                block[bit / 8] ^= (byte)(1 << (bit % 8));
                TarChecksum.Verify(block).Should().BeFalse();
                block[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public async Task A_flipped_bit_between_headers_is_refused_or_read_but_nothing_else()
    {
        int refused = 0;
        int bits = 0;
        foreach (TarMember member in TarSamples.Members)
        {
            byte[] archive = TarArchive.Write(member);
            for (int block = 0; block < archive.Length; block += TarLayout.BlockLength)
            {
                if (TarChecksum.Verify(archive.AsSpan(block, TarLayout.BlockLength)))
                {
                    continue;
                }

                for (int bit = block * 8; bit < (block + TarLayout.BlockLength) * 8; bit++, bits++)
                {
                    archive[bit / 8] ^= (byte)(1 << (bit % 8));
                    refused += await ReadAsync(archive) ? 0 : 1;
                    archive[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }
        }

        refused.Should().BeInRange(bits / 4, bits - 1);
    }

    [Fact]
    public async Task A_flipped_bit_under_a_right_checksum_is_refused_or_read_but_nothing_else()
    {
        int refused = 0;
        int bits = 0;
        byte[] original = new byte[TarLayout.BlockLength];
        foreach (TarMember member in TarSamples.Members)
        {
            byte[] archive = TarArchive.Write(member);
            for (int position = 0; position < archive.Length; position += TarLayout.BlockLength)
            {
                Memory<byte> block = archive.AsMemory(position, TarLayout.BlockLength);
                if (!TarChecksum.Verify(block.Span))
                {
                    continue;
                }

                block.CopyTo(original);
                for (int bit = 0; bit < TarLayout.BlockLength * 8; bit++, bits++)
                {
                    block.Span[bit / 8] ^= (byte)(1 << (bit % 8));
                    TarChecksum.Write(block.Span);
                    refused += await ReadAsync(archive) ? 0 : 1;
                    original.CopyTo(block);
                }
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
