using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>Writes the manifest of a level, block by block in order, and joins the blocks into runs. The caller flushes.</summary>
internal sealed class BlockManifestWriter(ManifestWriter destination, BlockManifestHeader header)
{
    private readonly Sha256Digest[] _digests = new Sha256Digest[BlockManifestFormat.GroupBlocks];
    private readonly int _blockSize = header.Geometry.BlockSize;
    private BlockRun _run;
    private long _group;

    /// <summary>The next block.</summary>
    internal long NextBlock => _run.First + _run.Count;

    /// <summary>Bytes that were written since the caller last set this to 0.</summary>
    internal int Unflushed { get; set; }

    internal void WriteHeader()
    {
        int nameLength = Encoding.UTF8.GetByteCount(header.SnapshotName);
        Span<byte> record = GetSpan(BlockManifestFormat.HeaderLength + nameLength);
        BlockManifestFormat.Magic.CopyTo(record);
        BinaryPrimitives.WriteInt32LittleEndian(record[BlockManifestFormat.VersionOffset..], BlockManifestFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(record[BlockManifestFormat.BlockSizeOffset..], _blockSize);
        BinaryPrimitives.WriteInt64LittleEndian(record[BlockManifestFormat.VolumeLengthOffset..], header.Geometry.VolumeLength);
        BinaryPrimitives.WriteUInt16LittleEndian(record[BlockManifestFormat.NameLengthOffset..], checked((ushort)nameLength));
        Encoding.UTF8.GetBytes(header.SnapshotName, record[BlockManifestFormat.HeaderLength..]);
        Advance(BlockManifestFormat.HeaderLength + nameLength);
        destination.EndBlock();
    }

    /// <summary>The next blocks are zero.</summary>
    internal void AddZeros(long count)
    {
        if (_run is { IsZero: false, Count: > 0 })
        {
            WriteRun();
        }

        _run = _run with { Count = _run.Count + count, IsZero = true };
    }

    /// <summary>The next block's content lies in an archive.</summary>
    internal void Add(Guid backupId, long archiveOffset, in Sha256Digest digest)
    {
        bool joins = !_run.IsZero && _run.BackupId == backupId
            && archiveOffset == _run.ArchiveOffset + (_run.Count * _blockSize)
            && NextBlock % BlockManifestFormat.GroupBlocks != 0;
        if (!joins && _run.Count > 0)
        {
            WriteRun();
        }

        if (_run.Count == 0)
        {
            _run = new BlockRun(_run.First, 0, IsZero: false, backupId, archiveOffset);
        }

        _digests[(int)_run.Count] = digest;
        _run = _run with { Count = _run.Count + 1 };
    }

    internal void WriteEnd()
    {
        if (_run.Count > 0)
        {
            WriteRun();
        }

        WriteNumber(BlockManifestFormat.End, NextBlock);
    }

    private void WriteRun()
    {
        // A frame of the stored manifest may end where a group does.
        long group = _run.First / BlockManifestFormat.GroupBlocks;
        if (group != _group)
        {
            destination.EndBlock();
            _group = group;
        }

        if (_run.IsZero)
        {
            WriteNumber(BlockManifestFormat.ZeroRun, _run.Count);
        }
        else
        {
            WriteData((int)_run.Count);
        }

        _run = new BlockRun(NextBlock, 0, IsZero: false);
    }

    private void WriteData(int count)
    {
        ReadOnlySpan<byte> digests = MemoryMarshal.AsBytes(_digests.AsSpan(0, count));
        Span<byte> record = GetSpan(BlockManifestFormat.DataRunHeaderLength + digests.Length);
        record[0] = BlockManifestFormat.DataRun;
        BinaryPrimitives.WriteInt32LittleEndian(record[BlockManifestFormat.TagLength..], count);
        _run.BackupId.TryWriteBytes(record[BlockManifestFormat.BackupIdOffset..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(record[BlockManifestFormat.ArchiveOffsetOffset..], _run.ArchiveOffset);
        digests.CopyTo(record[BlockManifestFormat.DataRunHeaderLength..]);
        Advance(BlockManifestFormat.DataRunHeaderLength + digests.Length);
    }

    private void WriteNumber(byte tag, long value)
    {
        Span<byte> record = GetSpan(BlockManifestFormat.TagLength + sizeof(long));
        record[0] = tag;
        BinaryPrimitives.WriteInt64LittleEndian(record[BlockManifestFormat.TagLength..], value);
        Advance(BlockManifestFormat.TagLength + sizeof(long));
    }

    private Span<byte> GetSpan(int length) => destination.GetSpan(length);

    private void Advance(int length)
    {
        destination.Advance(length);
        Unflushed += length;
    }
}
