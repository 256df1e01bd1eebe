using System.Buffers;
using System.IO.Pipelines;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Create;

/// <summary>The archive on its way out: members, content, and flushing as often as the pipe wants it.</summary>
internal sealed class ArchiveStream(PipeWriter destination)
{
    private const int FlushAt = 256 << 10;

    private readonly TarWriter _writer = new(destination);
    private long _flushed;

    /// <summary>The offset of the next member.</summary>
    internal long Position => _writer.Position;

    internal void WriteHeader(TarEntry entry) => _writer.WriteHeader(entry);

    /// <summary>Writes a whole member that was made elsewhere.</summary>
    internal void WriteMember(ReadOnlySpan<byte> member)
    {
        destination.Write(member);
        _writer.AddContent(member.Length);
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
        _writer.Position - _flushed < FlushAt ? ValueTask.CompletedTask : FlushAsync(cancellationToken);

    internal ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        _writer.WriteEnd();
        return FlushAsync(cancellationToken);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _flushed = _writer.Position;
        FlushResult result = await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new IOException("Whoever stores the archive has stopped before its end.");
        }
    }
}
