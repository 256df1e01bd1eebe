using System.Buffers;
using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Dataflow;

/// <summary>Leaves out the first bytes that are written.</summary>
internal sealed class SkippingPipeWriter(PipeWriter inner, long skip) : DelegatingPipeWriter(inner)
{
    private const int LeastBuffer = 4096;

    private readonly PipeWriter _inner = inner;
    private byte[] _skipped = [];
    private long _left = skip;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _left > 0 ? GetScratch(sizeHint) : base.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _left > 0 ? GetScratch(sizeHint) : base.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (_left == 0)
        {
            base.Advance(bytes);
            return;
        }

        int dropped = (int)Math.Min(_left, bytes);
        _left -= dropped;
        _inner.Write(_skipped.AsSpan(dropped, bytes - dropped));
    }

    private byte[] GetScratch(int sizeHint)
    {
        if (_skipped.Length < Math.Max(sizeHint, LeastBuffer))
        {
            _skipped = new byte[Math.Max(sizeHint, LeastBuffer)];
        }

        return _skipped;
    }
}
