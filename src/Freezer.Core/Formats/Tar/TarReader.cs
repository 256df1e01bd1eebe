using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Formats.Tar;

/// <summary>Reads tar archives of every common dialect (v7, ustar, GNU, PAX, both with incremental listings and every sparse format) from a pipe.</summary>
/// <remarks>
/// <para>Names are given as they are stored: making them safe is up to whoever restores. Only a directory's always ends with a slash.</para>
/// <para>What readers are known to understand in different ways (a member named twice) is refused.</para>
/// <para>The pipe is never completed here. A failure of its writer surfaces as it is. After any failure the reader cannot be used
/// any more. Not for several threads.</para>
/// </remarks>
/// <param name="source">The archive, from its beginning or from an <see cref="EntryOffset"/> on.</param>
/// <param name="options">Bounds for what the archive may ask for.</param>
/// <param name="startOffset">Where in the archive the pipe begins.</param>
internal sealed class TarReader(PipeReader source, TarReaderOptions? options = null, long startOffset = 0)
{
    private const int EndBlocks = 2;
    private const int LargestKeptBody = 1 << 16;

    private static readonly PaxHeader Nothing = new();

    private readonly TarReaderOptions _limits = options ?? new TarReaderOptions();
    private readonly TarEntryBuilder _builder = new(options ?? new TarReaderOptions());
    private readonly PaxHeader _global = new();
    private readonly byte[] _block = new byte[TarLayout.BlockLength];
    private ArrayBufferWriter<byte> _body = new();
    private ReadOnlySequence<byte> _content;
    private long _position = startOffset;
    private int _padding;
    private int _zeroBlocks;

    // The member that is being read: what stands in front of it, and its header.
    private PaxHeader? _own;
    private bool _hasRecords;
    private long _bodyLength;
    private TarEntry? _entry;
    private List<SparseExtent>? _gnuExtents;
    private bool _hasMoreExtents;

    /// <summary>The offset in the archive of the header of the current entry (of its first extended header).</summary>
    /// <remarks>A reader can begin there, unless the archive has global headers further up.</remarks>
    internal long EntryOffset { get; private set; } = startOffset;

    /// <summary>The offset in the archive of the first byte of the current entry's content, behind the map of a sparse file.</summary>
    internal long ContentOffset { get; private set; }

    /// <summary>Content of the current entry that was not read yet, without padding.</summary>
    internal long ContentRemaining { get; private set; }

    /// <summary>The body of the header that was read last, of the <see cref="_bodyLength"/> that it has.</summary>
    private ReadOnlySpan<byte> Body => _body.WrittenSpan[..(int)_bodyLength];

    /// <summary>Moves to the next member, behind what is left of the current one.</summary>
    /// <returns>The entry, or <see langword="null"/> behind the end mark. What follows the end mark is drained
    /// (several archives one after another are read as one, as GNU tar's <c>--ignore-zeros</c> does).</returns>
    /// <exception cref="TarFormatException">The archive is malformed, or ends without an end mark.</exception>
    internal async ValueTask<TarEntry?> ReadEntryAsync(CancellationToken cancellationToken)
    {
        await SkipAsync(ContentRemaining, cancellationToken).ConfigureAwait(false);
        await SkipAsync(_padding, cancellationToken).ConfigureAwait(false);
        ContentRemaining = _padding = 0;
        _own = null;
        _hasRecords = false;
        while (true)
        {
            EntryOffset = _own is null ? _position : EntryOffset;
            ReadOnlySequence<byte> buffer = await ReadAtLeastAsync(TarLayout.BlockLength, cancellationToken).ConfigureAwait(false);
            if (buffer.Length < TarLayout.BlockLength)
            {
                EndArchive(buffer);
                return null;
            }

            switch (TakeHeader(buffer))
            {
                case BlockKind.Zero:
                    break;
                case BlockKind.ExtendedHeader:
                    await ReadBodyAsync(_limits.LongestExtendedHeader, cancellationToken).ConfigureAwait(false);
                    TakeRecords();
                    break;
                case BlockKind.GlobalHeader:
                    await ReadBodyAsync(_limits.LongestExtendedHeader, cancellationToken).ConfigureAwait(false);
                    _global.TakeGlobal(Body, _limits, EntryOffset);
                    break;
                case BlockKind.LongName:
                    await ReadBodyAsync(_limits.LongestPath + 1L, cancellationToken).ConfigureAwait(false);
                    (_own ??= new PaxHeader()).TakeLongName(Body, _limits, EntryOffset);
                    break;
                case BlockKind.LongLink:
                    await ReadBodyAsync(_limits.LongestPath + 1L, cancellationToken).ConfigureAwait(false);
                    (_own ??= new PaxHeader()).TakeLongLink(Body, _limits, EntryOffset);
                    break;
                case BlockKind.Label:
                    await SkipAsync(_bodyLength, cancellationToken).ConfigureAwait(false);
                    await SkipAsync(TarLayout.Padding(_bodyLength), cancellationToken).ConfigureAwait(false);
                    _own = null;
                    _hasRecords = false;
                    break;
                default:
                    await ReadBodyOfEntryAsync(_entry!, cancellationToken).ConfigureAwait(false);
                    ContentOffset = _position;
                    ContentRemaining = _bodyLength;
                    _padding = TarLayout.Padding(_bodyLength);
                    return _entry;
            }
        }
    }

    /// <summary>The next content that is there, never empty: at most <see cref="ContentRemaining"/>. Give it back with <see cref="AdvanceContent"/>.</summary>
    /// <exception cref="InvalidOperationException">No content remains.</exception>
    /// <exception cref="TarFormatException">The archive ends within the content.</exception>
    internal async ValueTask<ReadOnlySequence<byte>> ReadContentAsync(CancellationToken cancellationToken)
    {
        if (ContentRemaining == 0)
        {
            throw new InvalidOperationException("The current entry has no content left.");
        }

        ReadOnlySequence<byte> buffer = await ReadAtLeastAsync(1, cancellationToken).ConfigureAwait(false);
        if (buffer.IsEmpty)
        {
            throw Truncated(buffer);
        }

        _content = buffer.Slice(0, Math.Min(ContentRemaining, buffer.Length));
        return _content;
    }

    /// <summary>Says up to where the content that <see cref="ReadContentAsync"/> gave was used.</summary>
    internal void AdvanceContent(SequencePosition consumed)
    {
        long length = _content.Slice(_content.Start, consumed).Length;
        _content = default;
        source.AdvanceTo(consumed);
        ContentRemaining -= length;
        _position += length;
    }

    /// <summary>Reads a block where a header is due and, where it is a member's, makes the entry.</summary>
    private BlockKind TakeHeader(in ReadOnlySequence<byte> buffer)
    {
        ReadOnlySpan<byte> block = FirstBlock(buffer);
        BlockKind kind = BlockKind.Zero;
        if (block[0] == 0 && !block.ContainsAnyExcept((byte)0))
        {
            _zeroBlocks = Math.Min(_zeroBlocks + 1, EndBlocks);
            if (_own is not null)
            {
                throw new TarFormatException("An extended header stands in front of the end of the archive", EntryOffset);
            }
        }
        else
        {
            _zeroBlocks = 0;
            var header = new TarHeader(block, EntryOffset);
            kind = Classify(header.TypeFlag);
            _bodyLength = header.Size;
            if (kind == BlockKind.Member)
            {
                BuildEntry(header);
            }

            if (_bodyLength > long.MaxValue - _position - (2 * TarLayout.BlockLength))
            {
                throw new TarFormatException("A member is longer than an archive can be", EntryOffset);
            }
        }

        Consume(buffer, TarLayout.BlockLength);
        return kind;
    }

    private static BlockKind Classify(byte typeFlag) => typeFlag switch
    {
        TarTypeFlag.ExtendedHeader or TarTypeFlag.SolarisExtendedHeader => BlockKind.ExtendedHeader,
        TarTypeFlag.GlobalHeader => BlockKind.GlobalHeader,
        TarTypeFlag.LongName => BlockKind.LongName,
        TarTypeFlag.LongLink => BlockKind.LongLink,
        TarTypeFlag.VolumeLabel => BlockKind.Label,
        _ => BlockKind.Member,
    };

    private void BuildEntry(in TarHeader header)
    {
        PaxHeader own = _own ?? Nothing;
        _bodyLength = own.Size ?? _bodyLength;
        _entry = _builder.Build(header, own, _global, _bodyLength, EntryOffset);
        if (_entry.Type != TarEntryType.RegularFile && header.TypeFlag != TarTypeFlag.DumpDirectory)
        {
            // Old programs state the length of a link's target, or of a directory; nothing of it follows.
            _bodyLength = 0;
        }

        _gnuExtents = null;
        _hasMoreExtents = false;
        if (header.TypeFlag == TarTypeFlag.Sparse)
        {
            _gnuExtents = [];
            _hasMoreExtents = header.GnuHasMoreExtents;
            TakeGnuExtents(header.GnuExtents);
        }
    }

    /// <summary>Reads what of the body tells about the entry, and leaves the content.</summary>
    private async ValueTask ReadBodyOfEntryAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Type == TarEntryType.Directory && _bodyLength > 0)
        {
            await ReadBodyAsync(_limits.LongestExtendedHeader, cancellationToken).ConfigureAwait(false);
            DumpDirectory.Check(Body, EntryOffset);
            entry.DumpDirectory = Body.ToArray();
            _bodyLength = 0;
        }
        else if (_gnuExtents is not null)
        {
            while (_hasMoreExtents)
            {
                ReadOnlySequence<byte> buffer = await ReadBlockAsync(cancellationToken).ConfigureAwait(false);
                ReadOnlySpan<byte> block = FirstBlock(buffer);
                _hasMoreExtents = block[TarLayout.GnuExtensionIsExtendedOffset] != 0;
                TakeGnuExtents(block[..TarLayout.GnuExtensionIsExtendedOffset]);
                Consume(buffer, TarLayout.BlockLength);
            }

            entry.Extents = SparseMap.Check(_gnuExtents, entry.Size, _bodyLength, EntryOffset);
        }
        else if (_own?.Sparse is { } sparse)
        {
            List<SparseExtent> extents = sparse.GetExtents(EntryOffset);
            if (sparse.MapIsInBody)
            {
                extents = await ReadMapAsync(cancellationToken).ConfigureAwait(false);
            }

            entry.Extents = SparseMap.Check(extents, entry.Size, _bodyLength, EntryOffset);
        }
    }

    private async ValueTask<List<SparseExtent>> ReadMapAsync(CancellationToken cancellationToken)
    {
        var map = new SparseMapReader(Math.Min(_limits.MostExtents, _bodyLength / SparseMap.LeastExtentLength), EntryOffset);
        bool isComplete = false;
        while (!isComplete)
        {
            if (_bodyLength < TarLayout.BlockLength)
            {
                throw new TarFormatException("The map of a sparse file is longer than the member", EntryOffset);
            }

            ReadOnlySequence<byte> buffer = await ReadBlockAsync(cancellationToken).ConfigureAwait(false);
            isComplete = map.TryComplete(FirstBlock(buffer));
            Consume(buffer, TarLayout.BlockLength);
            _bodyLength -= TarLayout.BlockLength;
        }

        return map.Extents;
    }

    private void TakeGnuExtents(ReadOnlySpan<byte> pairs)
    {
        if (!GnuSparseMap.Read(pairs, _gnuExtents!, _limits.MostExtents, EntryOffset) && _hasMoreExtents)
        {
            throw new TarFormatException("The map of a sparse file goes on behind its end", EntryOffset);
        }
    }

    private void TakeRecords()
    {
        if (_hasRecords)
        {
            throw new TarFormatException("A member has two extended headers", EntryOffset);
        }

        _hasRecords = true;
        (_own ??= new PaxHeader()).Take(Body, _limits, EntryOffset);
    }

    private void EndArchive(in ReadOnlySequence<byte> rest)
    {
        if (!rest.IsEmpty)
        {
            throw Truncated(rest);
        }

        source.AdvanceTo(rest.End);
        if (_own is not null || _zeroBlocks < EndBlocks)
        {
            throw new TarFormatException("The archive ends without an end mark: it was cut off", EntryOffset);
        }
    }

    /// <summary>Copies a member's body to <see cref="Body"/>, and goes behind its padding. What is allocated follows what has arrived, not what was announced.</summary>
    private async ValueTask ReadBodyAsync(long longest, CancellationToken cancellationToken)
    {
        if (_bodyLength > longest)
        {
            throw new TarFormatException($"A header of {_bodyLength} bytes is longer than the {longest} that are allowed", EntryOffset);
        }

        if (_body.Capacity > LargestKeptBody)
        {
            _body = new ArrayBufferWriter<byte>();
        }

        _body.ResetWrittenCount();
        for (long left = _bodyLength + TarLayout.Padding(_bodyLength); left > 0;)
        {
            ReadOnlySequence<byte> buffer = await ReadAtLeastAsync(1, cancellationToken).ConfigureAwait(false);
            if (buffer.IsEmpty)
            {
                throw Truncated(buffer);
            }

            ReadOnlySequence<byte> part = buffer.Slice(0, Math.Min(left, buffer.Length));
            foreach (ReadOnlyMemory<byte> segment in part)
            {
                _body.Write(segment.Span);
            }

            left -= part.Length;
            Consume(buffer, part.Length);
        }
    }

    private async ValueTask SkipAsync(long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            ReadOnlySequence<byte> buffer = await ReadAtLeastAsync(1, cancellationToken).ConfigureAwait(false);
            if (buffer.IsEmpty)
            {
                throw Truncated(buffer);
            }

            long part = Math.Min(length, buffer.Length);
            Consume(buffer, part);
            length -= part;
        }
    }

    private async ValueTask<ReadOnlySequence<byte>> ReadBlockAsync(CancellationToken cancellationToken)
    {
        ReadOnlySequence<byte> buffer = await ReadAtLeastAsync(TarLayout.BlockLength, cancellationToken).ConfigureAwait(false);
        return buffer.Length >= TarLayout.BlockLength ? buffer : throw Truncated(buffer);
    }

    private ValueTask<ReadOnlySequence<byte>> ReadAtLeastAsync(int length, CancellationToken cancellationToken)
    {
        // What is there already is taken without a state machine: that is most of the time of an archive of small files.
        ValueTask<ReadResult> read = source.ReadAtLeastAsync(length, cancellationToken);
        return read.IsCompletedSuccessfully ? new(GetBuffer(read.Result)) : AwaitBufferAsync(read);
    }

    private async ValueTask<ReadOnlySequence<byte>> AwaitBufferAsync(ValueTask<ReadResult> read) => GetBuffer(await read.ConfigureAwait(false));

    private ReadOnlySequence<byte> GetBuffer(ReadResult result)
    {
        if (result.IsCanceled)
        {
            source.AdvanceTo(result.Buffer.Start);
            throw new OperationCanceledException("Reading the archive was cancelled.");
        }

        return result.Buffer;
    }

    private void Consume(in ReadOnlySequence<byte> buffer, long length)
    {
        source.AdvanceTo(buffer.GetPosition(length));
        _position += length;
    }

    private ReadOnlySpan<byte> FirstBlock(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.FirstSpan.Length >= TarLayout.BlockLength)
        {
            return buffer.FirstSpan[..TarLayout.BlockLength];
        }

        buffer.Slice(0, TarLayout.BlockLength).CopyTo(_block);
        return _block;
    }

    private TarFormatException Truncated(in ReadOnlySequence<byte> rest)
    {
        source.AdvanceTo(rest.Start, rest.End);
        return new TarFormatException("The archive ends in the middle of a member: it was cut off", EntryOffset);
    }

    private enum BlockKind
    {
        Zero,
        ExtendedHeader,
        GlobalHeader,
        LongName,
        LongLink,
        Label,
        Member,
    }
}
