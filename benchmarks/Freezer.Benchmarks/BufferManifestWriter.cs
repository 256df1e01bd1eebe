using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Benchmarks;

/// <summary>Keeps a manifest in memory.</summary>
internal sealed class BufferManifestWriter : ManifestWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(8 << 20);

    internal byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    internal void Clear() => _bytes.ResetWrittenCount();

    public override void EndBlock()
    {
    }

    public override void Advance(int bytes) => _bytes.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushResult(isCanceled: false, isCompleted: false));
}
