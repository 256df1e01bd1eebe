using System.Buffers;

namespace Freezer.Dataflow.Compression;

/// <summary>A way to compress, as an application may add its own: an engine compresses an archive frame by frame, each
/// frame on its own, so that the frames one after another are still one valid file for the format's own tool.</summary>
/// <remarks>Safe from any thread; what it creates is not.</remarks>
public interface ICompressionCodec
{
    /// <summary>The name that is stored with each backup, for example <c>zstd</c>. Lower case, without spaces.</summary>
    string Name { get; }

    /// <summary>How much content goes into one frame, in bytes, unless the application says otherwise.</summary>
    int DefaultFrameSize { get; }

    /// <summary>The level that is used where none is given.</summary>
    int DefaultLevel { get; }

    /// <summary>The lowest level that the codec takes.</summary>
    int LowestLevel { get; }

    /// <summary>The highest level that the codec takes.</summary>
    int HighestLevel { get; }

    /// <summary>Says why the codec cannot be used on this machine and what to install, or <see langword="null"/> where it can.</summary>
    string? WhyUnavailable { get; }

    /// <summary>Makes a compressor. It is used from one thread at a time, for many frames.</summary>
    /// <param name="level">A level from <see cref="LowestLevel"/> to <see cref="HighestLevel"/>.</param>
    IFrameCompressor CreateCompressor(int level);

    /// <summary>Opens a stream that decompresses all of <paramref name="source"/>: any number of frames, by this library or
    /// by another tool.</summary>
    /// <param name="source">The compressed bytes; left open. Only read synchronously.</param>
    /// <returns>A readable stream, which is read synchronously, from a thread that may block. It throws
    /// <see cref="InvalidDataException"/> where the bytes are damaged, are followed by others, or end before the end of a frame.</returns>
    Stream OpenDecompressor(Stream source);

    /// <summary>Makes a decompressor of single frames. It is used from one thread at a time, for many frames. Unless a codec
    /// knows a faster way, it is made of <see cref="OpenDecompressor"/>.</summary>
    IFrameDecompressor CreateDecompressor() => new StreamFrameDecompressor(this);
}

/// <summary>Compresses frames, each on its own.</summary>
public interface IFrameCompressor : IDisposable
{
    /// <summary>Compresses one frame.</summary>
    /// <param name="content">The whole content of the frame.</param>
    /// <param name="destination">Where the compressed frame goes.</param>
    void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination);
}

/// <summary>Decompresses frames, each on its own.</summary>
public interface IFrameDecompressor : IDisposable
{
    /// <summary>Decompresses one frame, and never makes more of it than is expected.</summary>
    /// <param name="frame">The whole compressed frame.</param>
    /// <param name="content">Where the content goes; as long as the content is.</param>
    /// <exception cref="InvalidDataException">The frame is damaged, or its content has another length.</exception>
    void Decompress(ReadOnlyMemory<byte> frame, Memory<byte> content);
}
