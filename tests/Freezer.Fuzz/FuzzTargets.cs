using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Drivers;
using Freezer.Engines.BlockDiff;
using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Restore;
using Freezer.Formats.RbdDiff;
using Freezer.Formats.StreamingAead;
using Freezer.Formats.Tar;
using Freezer.Keys;

namespace Freezer.Fuzz;

/// <summary>Every parser of what may come from somebody else.</summary>
internal static class FuzzTargets
{
    /// <summary>Content that is read of one input: a decompression bomb goes on for ever, and its limit is the restore's.</summary>
    private const long MostContent = 8 << 20;

    private static readonly byte[] _key = new byte[SecretKey.Size];
    private static readonly BackupLocation _place = new("tar", "home", 1_700_000_000, 0, 1_700_000_000);

    internal static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("tar", ParseTar, [typeof(TarFormatException)], Repairs.Tar),
        new("dump-directory", static input => _ = new DumpListing(input), [typeof(TarFormatException)]),
        new("tar-manifest", ParseTarManifest, [typeof(InvalidDataException)]),
        new("block-manifest", ParseBlockManifest, [typeof(BlockManifestException), typeof(BackupUnsupportedException)]),
        new("rbd-diff", ParseRbdDiff, [typeof(RbdDiffFormatException)]),
        new("index", IndexInput.Parse, [typeof(InvalidDataException)], IndexInput.Repair),
        new("stored-stream", IndexInput.ParseStream, [typeof(InvalidDataException)], IndexInput.Repair),
        new("document", ParseDocument, [typeof(InvalidDataException)], Repairs.Document),
        new("claim", static input => ClaimDocument.Parse(input), [typeof(InvalidDataException)]),
        new("key-slot", ParseKeySlot, [typeof(InvalidDataException)]),
        new("passphrase-slot", ParsePassphraseSlot, [typeof(InvalidDataException)]),
        new("aead", ParseAead, [typeof(InvalidDataException)]),
        new("volume-record", static input => RecordDocument.Import(Encoding.Latin1.GetString(input)), [typeof(BackupDamagedException), typeof(BackupUnsupportedException)]),
        new("volume-metadata", static input => VolumeMetadataDocument.Read(Encoding.UTF8.GetString(input)), [typeof(BackupDamagedException), typeof(BackupUnsupportedException)]),
        .. CodecNames.Select(static name => new FuzzTarget(name, input => Decompress(CodecSet.BuiltIn.GetAvailable(name), input), [typeof(InvalidDataException)])),
    ];

    private static string[] CodecNames => ["gzip", "bzip2", "xz", "zstd"];

    /// <summary>An input as a pipe gives it: in pieces, whose length depends on the input.</summary>
    private static PipeReader Open(byte[] input)
    {
        int piece = input.Length == 0 ? 1 : 1 + (((input[0] * 31) + input[^1] + input.Length) % 777);
        return PipeReader.Create(Pieces.Of(input, piece));
    }

    private static void ParseTar(byte[] input)
    {
        var reader = new TarReader(Open(input), new TarReaderOptions { LongestExtendedHeader = 1 << 20 });
        while (Now(reader.ReadEntryAsync(default)) is { } entry)
        {
            _ = MemberPath.TryParse(entry.Path, out _, out _, out _);
            _ = entry.DumpDirectory is null ? null : new DumpListing(entry.DumpDirectory);
            while (reader.ContentRemaining > 0)
            {
                reader.AdvanceContent(Now(reader.ReadContentAsync(default)).End);
            }
        }
    }

    private static void ParseTarManifest(byte[] input)
    {
        var reader = new TarManifestReader(Open(input));
        if (Now(reader.ReadHeaderAsync(default)) != TarManifestFormat.Version)
        {
            return;
        }

        while (Now(reader.ReadBlockAsync(default)))
        {
            _ = reader.Block.Own();
            for (int i = 0; i < reader.Block.Count; i++)
            {
                _ = reader.Block.Record(i);
                if (!ManifestNames.IsName(reader.Block.Name(i).Span) || reader.Block.Find(reader.Block.Name(i).Span) != i)
                {
                    throw new InvalidOperationException("A name came through that is none, or that is not found.");
                }
            }
        }
    }

    private static void ParseBlockManifest(byte[] input)
    {
        var reader = new BlockManifestReader(Open(input));
        _ = Now(reader.ReadHeaderAsync(default));
        while (Now(reader.ReadRunAsync(default)))
        {
            _ = reader.Digests.Length;
        }
    }

    private static void ParseRbdDiff(byte[] input)
    {
        var reader = new RbdDiffReader(Open(input));
        RbdDiffHeader header = Now(reader.ReadHeaderAsync(default));
        while (Now(reader.ReadExtentAsync(default)) is { } extent)
        {
            if (extent.Offset < 0 || extent.End < extent.Offset || extent.End > header.Size)
            {
                throw new InvalidOperationException("An extent came through that is not in the volume.");
            }

            while (reader.ContentRemaining > 0)
            {
                ReadOnlySequence<byte> content = Now(reader.ReadContentAsync(default));
                reader.AdvanceContent(content.End, content.Length);
            }
        }
    }

    private static void ParseDocument(byte[] input)
    {
        CommittedBackup commit = CommittedBackup.ParseAsync(_place, input, keys: null, default).GetAwaiter().GetResult();
        _ = commit.ToBackup();
        if (commit.Problem is not null)
        {
            _ = commit.AsError();
        }
        else if (!commit.IsForeign)
        {
            _ = commit.IndexDirectory;
        }
    }

    private static void ParseKeySlot(byte[] input)
    {
        KeySlotDocument slot = KeySlotDocument.Parse(input);
        var wrapped = new WrappedKey { Bytes = slot.Wrapped, Parameters = slot.Parameters };
        byte[] key = new byte[SecretKey.Size];
        using var raw = new RawKey(_key);
        _ = Now(raw.TryUnwrapAsync(wrapped, key));
    }

    /// <summary>The rounds of a passphrase take long; where they are right nothing else is left to be wrong.</summary>
    private static void ParsePassphraseSlot(byte[] input)
    {
        KeySlotDocument slot = KeySlotDocument.Parse(input);
        if (slot.Parameters.Remove("rounds"))
        {
            using var passphrase = new PassphraseKey("x");
            _ = Now(passphrase.TryUnwrapAsync(new WrappedKey { Bytes = slot.Wrapped, Parameters = slot.Parameters }, new byte[SecretKey.Size]));
        }
    }

    private static void ParseAead(byte[] input)
    {
        long length = AeadParameters.Default.ContentLengthOf(input.Length);
        AeadStream.Open(_key, "corpus"u8, input, new byte[length]);
    }

    private static void Decompress(ICompressionCodec codec, byte[] input)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            using Stream stream = codec.OpenDecompressor(new MemoryStream(input, writable: false));
            long content = 0;
            for (int read = stream.Read(buffer); read > 0 && content < MostContent; read = stream.Read(buffer))
            {
                content += read;
            }

            using IFrameDecompressor frames = codec.CreateDecompressor();
            frames.Decompress(input, buffer.AsMemory(0, (int)Math.Min(content, buffer.Length)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // All bytes are there, so that nothing is ever waited for.
    private static T Now<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();
}
