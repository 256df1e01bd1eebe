using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Freezer.Engines.BlockDiff;

/// <summary>Reads the pieces of a manifest from memory. Where a piece is not there whole, nothing is consumed.</summary>
internal static class BlockManifestParser
{
    /// <summary>Reads what a manifest begins with. A manifest of another kind or version is refused as soon as that is seen.</summary>
    /// <exception cref="BackupUnsupportedException">A later version of this library wrote it.</exception>
    /// <exception cref="BlockManifestException">It is not the manifest of a volume, or says something impossible.</exception>
    internal static bool TryReadHeader(ref SequenceReader<byte> input, out BlockManifestHeader? header)
    {
        header = null;
        Span<byte> record = stackalloc byte[BlockManifestFormat.HeaderLength];
        record = record[..(int)Math.Min(record.Length, input.Remaining)];
        input.TryCopyTo(record);

        ReadOnlySpan<byte> magic = record[..Math.Min(record.Length, BlockManifestFormat.MagicLength)];
        if (!BlockManifestFormat.Magic.StartsWith(magic))
        {
            throw new BlockManifestException("It is not the manifest of a volume.");
        }

        if (record.Length < BlockManifestFormat.HeaderLength)
        {
            return false;
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(record[BlockManifestFormat.VersionOffset..]);
        if (version != BlockManifestFormat.Version)
        {
            throw new BackupUnsupportedException($"The manifest has version {version}, and this library reads version {BlockManifestFormat.Version}.");
        }

        int blockSize = BinaryPrimitives.ReadInt32LittleEndian(record[BlockManifestFormat.BlockSizeOffset..]);
        long length = BinaryPrimitives.ReadInt64LittleEndian(record[BlockManifestFormat.VolumeLengthOffset..]);
        if (!BlockGeometry.IsBlockSize(blockSize) || length < 0 || length > long.MaxValue - BlockGeometry.LargestBlock)
        {
            throw new BlockManifestException($"It tells of a volume of {length} bytes in blocks of {blockSize}.");
        }

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(record[BlockManifestFormat.NameLengthOffset..]);
        if (input.Remaining < BlockManifestFormat.HeaderLength + nameLength)
        {
            return false;
        }

        input.Advance(BlockManifestFormat.HeaderLength);
        input.TryReadExact(nameLength, out ReadOnlySequence<byte> name);
        header = new BlockManifestHeader(new BlockGeometry(length, blockSize), Encoding.UTF8.GetString(name));
        return true;
    }

    /// <summary>Reads the header of a run, or the end (<paramref name="tag"/> says which; the end's count is the volume's).
    /// The digests of a run of data follow.</summary>
    /// <exception cref="BlockManifestException">There is no such record.</exception>
    internal static bool TryReadRun(ref SequenceReader<byte> input, long first, out byte tag, out BlockRun run)
    {
        run = default;
        if (!input.TryPeek(out tag))
        {
            return false;
        }

        Span<byte> record = stackalloc byte[BlockManifestFormat.DataRunHeaderLength];
        record = tag switch
        {
            BlockManifestFormat.ZeroRun => record[..BlockManifestFormat.ZeroRunLength],
            BlockManifestFormat.DataRun => record,
            BlockManifestFormat.End => record[..BlockManifestFormat.EndLength],
            _ => throw new BlockManifestException($"There is no record with the tag 0x{tag:X2}."),
        };

        if (!input.TryCopyTo(record))
        {
            return false;
        }

        input.Advance(record.Length);
        ReadOnlySpan<byte> fields = record[BlockManifestFormat.TagLength..];
        run = tag == BlockManifestFormat.DataRun
            ? new BlockRun(
                first,
                BinaryPrimitives.ReadUInt32LittleEndian(fields),
                IsZero: false,
                new Guid(record.Slice(BlockManifestFormat.BackupIdOffset, BlockManifestFormat.BackupIdLength), bigEndian: true),
                BinaryPrimitives.ReadInt64LittleEndian(record[BlockManifestFormat.ArchiveOffsetOffset..]))
            : new BlockRun(first, BinaryPrimitives.ReadInt64LittleEndian(fields), IsZero: tag == BlockManifestFormat.ZeroRun);
        return true;
    }
}
