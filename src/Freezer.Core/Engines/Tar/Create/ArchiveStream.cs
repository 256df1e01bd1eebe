using System.IO.Pipelines;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Create;

/// <summary>The archive on its way out: members, content, and flushing as often as the pipe wants it.</summary>
internal sealed class ArchiveStream(PipeWriter destination)
{
    private const int FlushAt = 256 << 10;

    private readonly TarWriter _writer = new(destination);
    private MemberBuffer? _pending;
    private int _pendingStart;
    private int _pendingEnd;
    private long _flushed;

    /// <summary>The offset of the next member.</summary>
    internal long Position => _writer.Position + (_pendingEnd - _pendingStart);

    internal void WriteHeader(TarEntry entry)
    {
        WritePending();
        _writer.WriteHeader(entry);
    }

    /// <summary>Writes a whole member that was made elsewhere. The bytes are taken by <see cref="WritePending"/> at the latest:
    /// members that lie one behind the other are written in one go.</summary>
    internal void WriteMember(MemberBuffer buffer, int start, int length)
    {
        if (_pending != buffer || _pendingEnd != start)
        {
            WritePending();
            (_pending, _pendingStart) = (buffer, start);
        }

        _pendingEnd = start + length;
    }

    /// <summary>Takes what is left of the members that were made elsewhere; their buffer is free then.</summary>
    internal void WritePending()
    {
        if (_pending is null)
        {
            return;
        }

        ReadOnlySpan<byte> rest = _pending.Written[_pendingStart.._pendingEnd];
        _writer.AddContent(rest.Length);
        (_pending, _pendingStart, _pendingEnd) = (null, 0, 0);
        while (!rest.IsEmpty)
        {
            Span<byte> room = destination.GetSpan(Math.Min(rest.Length, FlushAt));
            int length = Math.Min(rest.Length, room.Length);
            rest[..length].CopyTo(room);
            destination.Advance(length);
            rest = rest[length..];
        }
    }

    /// <summary>Room for content; what is used of it is to be given to <see cref="Advance"/>.</summary>
    internal Memory<byte> GetMemory(int length) => destination.GetMemory(length);

    internal void Advance(int length)
    {
        destination.Advance(length);
        _writer.AddContent(length);
    }

    internal void WritePadding(long contentLength) => _writer.WritePadding(contentLength);

    internal ValueTask FlushIfDueAsync(CancellationToken cancellationToken) =>
        Position - _flushed < FlushAt ? ValueTask.CompletedTask : FlushAsync(cancellationToken);

    internal ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        WritePending();
        _writer.WriteEnd();
        return FlushAsync(cancellationToken);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        WritePending();
        _flushed = Position;
        FlushResult result = await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new IOException("Whoever stores the archive has stopped before its end.");
        }
    }
}
