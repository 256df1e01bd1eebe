namespace Freezer.Dataflow.Compression;

/// <summary>A decompressor that can tell where the frames of its data end. The built-in codecs have no others.</summary>
internal interface IFrameFinder
{
    /// <summary>Whether reading stops where a frame ends as if the data did; the next read goes on behind it. Set before the first read.</summary>
    bool StopsAtFrames { get; set; }

    /// <summary>How many compressed bytes were used: where a frame has ended, exactly up to its end.</summary>
    long Used { get; }
}
