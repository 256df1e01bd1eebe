using System.Buffers.Binary;
using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Storage;

namespace Freezer.Fuzz;

/// <summary>An input that is an index object, and behind it the length of its directory (4 bytes), which a metadata document tells otherwise.</summary>
internal static class IndexInput
{
    private const int LengthSize = sizeof(int);

    private static readonly StorageKey _indexKey = StorageKey.Parse("index");
    private static readonly StorageKey _manifestKey = StorageKey.Parse("manifest");

    /// <summary>Who owns the manifest that an index in the corpus refers to.</summary>
    internal static Guid Owner { get; } = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

    /// <summary>The archive and the manifest that an index in the corpus tells of.</summary>
    internal static byte[] Stored { get; } = MakeStored();

    /// <summary>Gives pages and directory the digests that they should have, as who makes an index by hand does.</summary>
    internal static void Repair(byte[] input)
    {
        if (!TrySplit(input, out int length, out int directory))
        {
            return;
        }

        for (int entry = length - directory; entry + LevelIndexLayout.DirectoryEntrySize <= length; entry += LevelIndexLayout.DirectoryEntrySize)
        {
            Span<byte> fields = input.AsSpan(entry, LevelIndexLayout.DirectoryEntrySize);
            long offset = BinaryPrimitives.ReadInt64LittleEndian(fields[LevelIndexLayout.EntryOffset..]);
            long count = BinaryPrimitives.ReadInt32LittleEndian(fields[LevelIndexLayout.EntryCount..]);
            int kind = BinaryPrimitives.ReadInt32LittleEndian(fields);
            if (kind is < 1 or > 4 || count < 0 || offset < 0 || offset > length)
            {
                continue;
            }

            long size = count * LevelIndexLayout.RecordSize((LevelIndexPageKind)kind);
            if (size <= length - offset)
            {
                Sha256Digest.Of(input.AsSpan((int)offset, (int)size)).CopyTo(fields[LevelIndexLayout.EntryDigest..]);
            }
        }
    }

    /// <summary>Reads all that an index says, and the manifest that it tells of.</summary>
    internal static void Parse(byte[] input)
    {
        if (TrySplit(input, out int length, out int directory))
        {
            ParseAsync(input.AsMemory(0, length), directory).GetAwaiter().GetResult();
        }
    }

    /// <summary>Reads the archive that an index tells of.</summary>
    internal static void ParseStream(byte[] input)
    {
        if (TrySplit(input, out int length, out int directory))
        {
            ParseStreamAsync(input.AsMemory(0, length), directory).GetAwaiter().GetResult();
        }
    }

    private static async Task ParseAsync(ReadOnlyMemory<byte> bytes, int directory)
    {
        LevelIndexReader index = await OpenAsync(bytes, directory);
        await foreach (StoredFrame _ in index.ReadArchiveFramesAsync(default, default))
        {
        }

        foreach (long offset in (long[])[0, 1000, long.MaxValue])
        {
            FramePosition from = await index.FindArchiveFrameAsync(offset, default);
            await foreach (Sha256Digest _ in index.ReadArchiveLeavesAsync(from.StoredOffset, default))
            {
            }
        }

        await foreach (Sha256Digest _ in index.ReadManifestLeavesAsync(default))
        {
        }

        var storage = new FixedStorage(_manifestKey, Stored);
        using var manifest = new StoredObject(storage, _manifestKey, Stored.Length, open: null);
        var owner = new ManifestOwner(manifest, new NoneCodec());
        var source = new ManifestSource(storage, index, (wanted, _) => new(wanted == new FrameOwner(Owner, Repair: 0) ? owner : null));
        await source.ReadAsync(new NullPipeWriter(), seen: null, default);
    }

    private static async Task ParseStreamAsync(ReadOnlyMemory<byte> bytes, int directory)
    {
        LevelIndexReader index = await OpenAsync(bytes, directory);
        FramePosition from = await index.FindArchiveFrameAsync(700, default);
        using var archive = new StoredObject(new FixedStorage(_manifestKey, Stored), _manifestKey, Stored.Length, open: null);
        long firstLeaf = archive.LeafOffsetOf(from.StoredOffset);
        await StoredStreamReader.ReadRangeAsync(
            PipeReader.Create(new MemoryStream(Stored[(int)Math.Min(firstLeaf, Stored.Length)..])),
            new NullPipeWriter(),
            new NoneCodec(),
            index.ReadArchiveFramesAsync(from, default),
            index.ReadArchiveLeavesAsync(firstLeaf, default),
            new StoredRange(firstLeaf, archive.SkipInLeaf(from.StoredOffset)),
            seal: null,
            parallelism: 1,
            default);
    }

    private static async Task<LevelIndexReader> OpenAsync(ReadOnlyMemory<byte> bytes, int directory)
    {
        using var stored = new StoredObject(new FixedStorage(_indexKey, bytes), _indexKey, bytes.Length, open: null);
        var described = new LevelIndexDirectory(directory, Sha256Digest.Of(bytes.Span[(bytes.Length - Math.Clamp(directory, 0, bytes.Length))..]));
        return await LevelIndexReader.OpenAsync(stored, described, default);
    }

    private static bool TrySplit(byte[] input, out int length, out int directory)
    {
        length = input.Length - LengthSize;
        directory = length < 0 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(input.AsSpan(length));
        return directory >= 0 && directory <= length;
    }

    private static byte[] MakeStored()
    {
        byte[] stored = new byte[3000];
        new Random(1).NextBytes(stored);
        return stored;
    }
}
