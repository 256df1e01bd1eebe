using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>A manifest in memory, with the places where a frame may end.</summary>
internal sealed class MemoryManifest : ManifestWriter
{
    private readonly ArrayBufferWriter<byte> _content = new();

    internal List<int> Blocks { get; } = [];

    internal byte[] ToArray() => _content.WrittenSpan.ToArray();

    public override void EndBlock() => Blocks.Add(_content.WrittenCount);

    public override void Advance(int bytes) => _content.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _content.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _content.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushResult(isCanceled: false, isCompleted: false));

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null) => throw new InvalidOperationException("The engine never completes the manifest.");
}
