using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Tests.Support;

/// <summary>Keeps a manifest in memory, with the places where its blocks end.</summary>
internal sealed class CollectingManifestWriter : ManifestWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    internal List<int> BlockEnds { get; } = [];

    internal byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public override void EndBlock() => BlockEnds.Add(_bytes.WrittenCount);

    public override void Advance(int bytes) => _bytes.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _bytes.GetSpan(sizeHint);

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null) =>
        throw new InvalidOperationException("The engine must not complete its manifest.");

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: false));
    }
}
