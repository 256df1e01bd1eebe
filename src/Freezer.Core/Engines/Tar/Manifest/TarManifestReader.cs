using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Engines.Tar.Manifest;

/// <summary>What a manifest holds, as its end says.</summary>
/// <param name="Directories">Directory blocks, that of the root included.</param>
/// <param name="Entries">Entries of all of them.</param>
/// <param name="Skips">How many skips there are: among the entries, and directories themselves.</param>
/// <param name="Bytes">The sum of the sizes of all regular files.</param>
internal readonly record struct TarManifestCounts(long Directories, long Entries, long Skips, long Bytes);

/// <summary>Reads a manifest directory by directory, in the memory of the largest one. Never completes the source.</summary>
/// <remarks>Every error in the bytes, and an end before the end block, is an <see cref="InvalidDataException"/> that names the byte.</remarks>
/// <param name="source">The manifest.</param>
/// <param name="longestBlock">The longest block that is read, in bytes.</param>
internal sealed class TarManifestReader(PipeReader source, int longestBlock = TarManifestFormat.LongestBlock)
{
    private byte[] _body = new byte[1 << 12];
    private byte[] _lastPath = [];
    private int _lastPathLength = -1;
    private long _offset;
    private TarManifestCounts _counted;

    /// <summary>The directory that was read last.</summary>
    internal TarManifestBlock Block { get; } = new();

    /// <summary>What the whole manifest holds; known once <see cref="ReadBlockAsync"/> has said that no block is left.</summary>
    internal TarManifestCounts Counts { get; private set; }

    /// <summary>Reads the header and gives the version that the manifest has. The reader reads on only if it is <see cref="TarManifestFormat.Version"/>.</summary>
    internal async ValueTask<int> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        await FillAsync(TarManifestFormat.HeaderLength, cancellationToken).ConfigureAwait(false);
        if (!_body.AsSpan().StartsWith(TarManifestFormat.Magic))
        {
            throw new InvalidDataException("This is not the manifest of a tar backup: it does not begin with 'FZTM'.");
        }

        int version = _body[TarManifestFormat.VersionOffset];
        if (version == TarManifestFormat.Version && _body[TarManifestFormat.FlagsOffset] != 0)
        {
            throw new InvalidDataException($"The manifest is damaged at byte {TarManifestFormat.FlagsOffset}: an unknown flag is set.");
        }

        return version;
    }

    /// <summary>Reads the next directory into <see cref="Block"/>. False at the end, where the counts have been compared.</summary>
    internal async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        int length = await ReadLengthAsync(cancellationToken).ConfigureAwait(false);
        long origin = _offset;
        await FillAsync(length, cancellationToken).ConfigureAwait(false);
        if (Parse(length, origin))
        {
            return true;
        }

        return await IsMoreAsync(cancellationToken).ConfigureAwait(false)
            ? throw new InvalidDataException($"The manifest is damaged at byte {_offset}: something follows its end.")
            : false;
    }

    private bool Parse(int length, long origin)
    {
        ReadOnlyMemory<byte> body = _body.AsMemory(0, length);
        var cursor = new ManifestCursor(body, origin);
        switch (cursor.ReadByte())
        {
            case TarManifestFormat.DirectoryBlock:
                Block.Load(body, origin, cursor.Position);
                CheckOrder(cursor);
                _counted = new TarManifestCounts(
                    _counted.Directories + 1, _counted.Entries + Block.Count, _counted.Skips + Block.Skipped, unchecked(_counted.Bytes + Block.TotalSize));
                return true;
            case TarManifestFormat.EndBlock:
                var counts = new TarManifestCounts(
                    (long)cursor.ReadVarint(), (long)cursor.ReadVarint(), (long)cursor.ReadVarint(), (long)cursor.ReadVarint());
                if (!cursor.IsAtEnd || counts != _counted || counts.Directories == 0)
                {
                    throw cursor.Malformed("its end does not say what it holds");
                }

                Counts = counts;
                return false;
            default:
                throw cursor.Malformed("a block has an unknown kind");
        }
    }

    /// <summary>Paths ascend, and every directory comes behind the one that it is in.</summary>
    private void CheckOrder(in ManifestCursor cursor)
    {
        EntryPath path = Block.Path;
        if (_lastPathLength < 0)
        {
            if (!path.IsRoot)
            {
                throw cursor.Malformed("the first directory is not the root");
            }
        }
        else
        {
            var last = new EntryPath(_lastPath.AsMemory(0, _lastPathLength));
            if (path <= last || !last.IsAtOrBelow(path.Parent))
            {
                throw cursor.Malformed("the directories are not in order");
            }
        }

        if (_lastPath.Length < path.Bytes.Length)
        {
            _lastPath = new byte[Math.Max(path.Bytes.Length, 2 * _lastPath.Length)];
        }

        path.Bytes.Span.CopyTo(_lastPath);
        _lastPathLength = path.Bytes.Length;
    }

    private async ValueTask<int> ReadLengthAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfCanceled(result);
            int used = PeekVarint(result.Buffer, out ulong length);
            if (used < 0 || length > (ulong)longestBlock)
            {
                source.AdvanceTo(result.Buffer.Start);
                throw new InvalidDataException($"The manifest is damaged at byte {_offset}: the length of a block is malformed or too large.");
            }

            if (used > 0)
            {
                source.AdvanceTo(result.Buffer.GetPosition(used));
                _offset += used;
                return (int)length;
            }

            source.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                throw Truncated(result.Buffer.Length);
            }
        }
    }

    private static int PeekVarint(ReadOnlySequence<byte> buffer, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[TarManifestFormat.LongestVarint];
        ReadOnlySequence<byte> start = buffer.Slice(0, Math.Min(buffer.Length, bytes.Length));
        start.CopyTo(bytes);
        return Varint.TryRead(bytes[..(int)start.Length], out value);
    }

    /// <summary>Reads so many bytes into the buffer. It grows with what arrives, not with what a length promises.</summary>
    private async ValueTask FillAsync(int length, CancellationToken cancellationToken)
    {
        int filled = 0;
        while (filled < length)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfCanceled(result);
            ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, length - filled));
            int count = (int)part.Length;
            if (_body.Length - filled < count)
            {
                Array.Resize(ref _body, (int)Math.Min(Math.Max((long)filled + count, 2L * _body.Length), TarManifestFormat.LongestBlock));
            }

            part.CopyTo(_body.AsSpan(filled));
            source.AdvanceTo(part.End);
            filled += count;
            _offset += count;
            if (filled < length && result.IsCompleted)
            {
                throw Truncated(0);
            }
        }
    }

    private async ValueTask<bool> IsMoreAsync(CancellationToken cancellationToken)
    {
        ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
        bool isMore = !result.Buffer.IsEmpty;
        source.AdvanceTo(result.Buffer.Start);
        return isMore;
    }

    private static void ThrowIfCanceled(in ReadResult result)
    {
        if (result.IsCanceled)
        {
            throw new OperationCanceledException("Reading the manifest was cancelled.");
        }
    }

    private InvalidDataException Truncated(long rest) => new($"The manifest is cut off at byte {_offset + rest}.");
}
