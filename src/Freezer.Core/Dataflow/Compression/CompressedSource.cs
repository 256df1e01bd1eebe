using System.Runtime.ExceptionServices;

namespace Freezer.Dataflow.Compression;

/// <summary>The compressed bytes that a decoder works through, buffered.</summary>
internal sealed class CompressedSource(Stream source)
{
    /// <summary>How many bytes can be given back, also where they were taken before the last <see cref="Fill"/>.</summary>
    internal const int History = 16;

    private readonly byte[] _buffer = new byte[History + (64 << 10)];
    private int _start;
    private int _end;
    private ExceptionDispatchInfo? _failure;

    /// <summary>What is buffered and not yet taken.</summary>
    internal ArraySegment<byte> Available => new(_buffer, _start, _end - _start);

    /// <summary>How many bytes were taken, and not given back.</summary>
    internal long Taken { get; private set; }

    /// <summary>Whether the source has told that nothing more comes.</summary>
    internal bool IsEnded { get; private set; }

    internal void Advance(int count)
    {
        _start += count;
        Taken += count;
    }

    /// <summary>Gives back bytes that were taken last, at most <see cref="History"/> of them from before the last fill.</summary>
    internal void Unread(int count) => Advance(-count);

    /// <summary>Reads on; false where the source has ended. All that is buffered must have been taken.</summary>
    internal bool Fill()
    {
        if (_start < _end)
        {
            throw new InvalidDataException("The data is damaged: its decoder does not go on.");
        }

        if (IsEnded)
        {
            return false;
        }

        int kept = Math.Min(History, _start);
        _buffer.AsSpan(_start - kept, kept).CopyTo(_buffer);
        _start = _end = kept;
        int read = ReadSource();
        IsEnded = read == 0;
        _end += read;
        return read > 0;
    }

    /// <summary>Takes one byte, or returns -1 where the source has ended.</summary>
    internal int TakeByte()
    {
        if (_start == _end && !Fill())
        {
            return -1;
        }

        Taken++;
        return _buffer[_start++];
    }

    /// <summary>Throws what the source threw, where a decoder took it for the end of the data.</summary>
    internal void ThrowIfFailed() => _failure?.Throw();

    private int ReadSource()
    {
        try
        {
            return source.Read(_buffer, _end, _buffer.Length - _end);
        }
        catch (Exception failure)
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
            throw;
        }
    }
}
