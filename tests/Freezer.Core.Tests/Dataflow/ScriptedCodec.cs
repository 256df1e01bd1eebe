using System.Buffers;
using Freezer.Dataflow.Compression;

namespace Freezer.Tests.Dataflow;

/// <summary>Copies, and does something else for each frame before.</summary>
internal sealed class ScriptedCodec(Action<byte[]> script) : ICompressionCodec
{
    private readonly Action<byte[]> _script = script;
    private readonly Lock _lock = new();
    private int _open;

    /// <summary>How many bytes of nothing are written behind each frame.</summary>
    internal int Excess { get; init; }

    internal int OpenCompressors => _open;

    internal int MostCompressors { get; private set; }

    public string Name => "scripted";

    public int DefaultFrameSize => 1000;

    public int DefaultLevel => 0;

    public int LowestLevel => 0;

    public int HighestLevel => 0;

    public string? WhyUnavailable => null;

    public IFrameCompressor CreateCompressor(int level)
    {
        lock (_lock)
        {
            MostCompressors = Math.Max(MostCompressors, ++_open);
        }

        return new Compressor(this);
    }

    public Stream OpenDecompressor(Stream source) => new NoneCodec().OpenDecompressor(source);

    private void Close()
    {
        lock (_lock)
        {
            _open--;
        }
    }

    private sealed class Compressor(ScriptedCodec codec) : IFrameCompressor
    {
        public void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination)
        {
            codec._script(content.ToArray());
            destination.Write(content);
            destination.GetSpan(codec.Excess);
            destination.Advance(codec.Excess);
        }

        public void Dispose() => codec.Close();
    }
}
