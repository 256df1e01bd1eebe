using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Formats.RbdDiff;

/// <summary>Reads an <c>rbd diff v1</c> stream from a pipe, in constant memory; content is handed out as it lies in the pipe.</summary>
/// <remarks>
/// Extents must ascend, must not overlap and must lie within the size that the stream gives. The stream must end with its end
/// record, and nothing may follow. Zero extents of no length are let through; they change nothing.
/// </remarks>
internal sealed class RbdDiffReader(PipeReader source)
{
    private RbdDiffHeader? _header;
    private RbdDiffRecord? _ahead;
    private long _extentEnd;
    private bool _hasEnded;

    /// <summary>How many bytes of the stream were consumed.</summary>
    internal long Position { get; private set; }

    /// <summary>Content of the current extent that was not read yet.</summary>
    internal long ContentRemaining { get; private set; }

    /// <summary>Reads what stands before the first extent. Called once, first.</summary>
    /// <exception cref="RbdDiffFormatException">The stream is malformed or ends too early.</exception>
    internal async ValueTask<RbdDiffHeader> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        await ReadMagicAsync(cancellationToken).ConfigureAwait(false);
        string? from = null;
        string? to = null;
        long? size = null;
        while (true)
        {
            long position = Position;
            RbdDiffRecord record = await ReadRecordAsync(cancellationToken).ConfigureAwait(false);
            switch (record.Tag)
            {
                case RbdDiffFormat.FromSnapshot when from is null:
                    from = record.Name;
                    break;

                case RbdDiffFormat.ToSnapshot when to is null:
                    to = record.Name;
                    break;

                case RbdDiffFormat.Size when size is null:
                    size = record.Length;
                    break;

                case RbdDiffFormat.Data or RbdDiffFormat.Zero or RbdDiffFormat.End:
                    _ahead = record;
                    return _header = new RbdDiffHeader(from, to, size ?? throw new RbdDiffFormatException("The stream does not give the volume's size.", position));

                default:
                    throw new RbdDiffFormatException($"The record '{(char)record.Tag}' comes twice.", position);
            }
        }
    }

    /// <summary>Moves to the next extent, behind what is left of the current one's content.</summary>
    /// <returns>The extent, or <see langword="null"/> when the stream has ended as it should.</returns>
    /// <exception cref="RbdDiffFormatException">The stream is malformed or ends too early.</exception>
    internal async ValueTask<RbdDiffExtent?> ReadExtentAsync(CancellationToken cancellationToken)
    {
        RbdDiffHeader header = _header ?? throw new InvalidOperationException("The header is read first.");
        while (ContentRemaining > 0)
        {
            ReadOnlySequence<byte> rest = await ReadContentAsync(cancellationToken).ConfigureAwait(false);
            AdvanceContent(rest.End, rest.Length);
        }

        if (_hasEnded)
        {
            return null;
        }

        long position = Position - (_ahead is null ? 0 : RbdDiffFormat.ExtentHeaderLength);
        RbdDiffRecord record = _ahead ?? await ReadRecordAsync(cancellationToken).ConfigureAwait(false);
        _ahead = null;
        switch (record.Tag)
        {
            case RbdDiffFormat.End:
                await ReadNothingAsync(cancellationToken).ConfigureAwait(false);
                _hasEnded = true;
                return null;

            case RbdDiffFormat.Data or RbdDiffFormat.Zero:
                if (record.Offset < _extentEnd)
                {
                    throw new RbdDiffFormatException($"The extent at {record.Offset} does not lie behind the one before, which ends at {_extentEnd}.", position);
                }

                if (record.Length > header.Size - record.Offset)
                {
                    throw new RbdDiffFormatException($"The extent at {record.Offset} with {record.Length} bytes reaches beyond the volume's size of {header.Size}.", position);
                }

                bool isZero = record.Tag == RbdDiffFormat.Zero;
                _extentEnd = record.Offset + record.Length;
                ContentRemaining = isZero ? 0 : record.Length;
                return new RbdDiffExtent(record.Offset, record.Length, isZero);

            default:
                throw new RbdDiffFormatException($"The record '{(char)record.Tag}' comes behind an extent.", position);
        }
    }

    /// <summary>The next content that is there: at most <see cref="ContentRemaining"/>, and never empty while that is not 0.
    /// Give it back with <see cref="AdvanceContent"/>.</summary>
    /// <exception cref="RbdDiffFormatException">The stream ends within the content.</exception>
    internal async ValueTask<ReadOnlySequence<byte>> ReadContentAsync(CancellationToken cancellationToken)
    {
        while (ContentRemaining > 0)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!result.Buffer.IsEmpty)
            {
                return result.Buffer.Slice(0, Math.Min(result.Buffer.Length, ContentRemaining));
            }

            source.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                throw new RbdDiffFormatException($"The stream ends {ContentRemaining} bytes before its content does.", Position);
            }
        }

        return ReadOnlySequence<byte>.Empty;
    }

    /// <summary>Says how much of the content that <see cref="ReadContentAsync"/> gave was used.</summary>
    /// <param name="consumed">Up to where.</param>
    /// <param name="length">How many bytes that are.</param>
    internal void AdvanceContent(SequencePosition consumed, long length)
    {
        source.AdvanceTo(consumed);
        ContentRemaining -= length;
        Position += length;
    }

    private async ValueTask ReadMagicAsync(CancellationToken cancellationToken)
    {
        bool found = false;
        while (!found)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            found = TakeMagic(result.Buffer);
            if (!found && result.IsCompleted)
            {
                throw new RbdDiffFormatException("The stream ends before it has begun.", Position);
            }
        }
    }

    private async ValueTask<RbdDiffRecord> ReadRecordAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (TakeRecord(result.Buffer, out RbdDiffRecord record))
            {
                return record;
            }

            if (result.IsCompleted)
            {
                throw new RbdDiffFormatException("The stream ends without its end record.", Position);
            }
        }
    }

    private async ValueTask ReadNothingAsync(CancellationToken cancellationToken)
    {
        bool isCompleted = false;
        while (!isCompleted)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            bool isEmpty = result.Buffer.IsEmpty;
            isCompleted = result.IsCompleted;
            source.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (!isEmpty)
            {
                throw new RbdDiffFormatException("Something follows the end record.", Position);
            }
        }
    }

    private bool TakeMagic(ReadOnlySequence<byte> buffer)
    {
        var input = new SequenceReader<byte>(buffer);
        bool found = RbdDiffParser.TryReadMagic(ref input);
        Take(buffer, input, found);
        return found;
    }

    private bool TakeRecord(ReadOnlySequence<byte> buffer, out RbdDiffRecord record)
    {
        var input = new SequenceReader<byte>(buffer);
        bool found = RbdDiffParser.TryReadRecord(ref input, Position, out record);
        Take(buffer, input, found);
        return found;
    }

    private void Take(ReadOnlySequence<byte> buffer, in SequenceReader<byte> input, bool found)
    {
        Position += input.Consumed;
        source.AdvanceTo(input.Position, found ? input.Position : buffer.End);
    }
}
