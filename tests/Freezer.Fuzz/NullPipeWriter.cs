using System.IO.Pipelines;

namespace Freezer.Fuzz;

/// <summary>Takes everything and keeps nothing.</summary>
internal sealed class NullPipeWriter : PipeWriter
{
    private byte[] _memory = new byte[4096];

    public override void Advance(int bytes) => ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _memory.Length);

    public override Memory<byte> GetMemory(int sizeHint = 0) => sizeHint <= _memory.Length ? _memory : _memory = new byte[sizeHint];

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException();
}
