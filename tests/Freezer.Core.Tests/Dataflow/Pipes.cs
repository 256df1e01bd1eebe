using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Tests.Dataflow;

/// <summary>Ends of pipes that tests need.</summary>
internal static class Pipes
{
    /// <summary>A pipe that holds all of some bytes and ends after them.</summary>
    internal static PipeReader Holding(ReadOnlySpan<byte> bytes)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        pipe.Writer.Write(bytes);
        pipe.Writer.Complete();
        return pipe.Reader;
    }

    /// <summary>A pipe that holds some bytes and never ends.</summary>
    internal static async Task<PipeReader> StallingAfterAsync(ReadOnlyMemory<byte> bytes)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        await pipe.Writer.WriteAsync(bytes);
        return pipe.Reader;
    }

    /// <summary>A pipe that takes everything.</summary>
    internal static Pipe Endless() => new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));

    /// <summary>A pipe that is full with the first byte, and that nobody reads.</summary>
    internal static Pipe Full() => new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));

    /// <summary>All that was written into a pipe.</summary>
    internal static async Task<byte[]> DrainAsync(this Pipe pipe)
    {
        await pipe.Writer.CompleteAsync();
        return await pipe.Reader.ReadToEndAsync();
    }

    internal static async Task<byte[]> ReadToEndAsync(this PipeReader reader)
    {
        var bytes = new MemoryStream();
        await reader.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    internal static async IAsyncEnumerable<T> OneByOne<T>(IEnumerable<T> items)
    {
        foreach (T item in items)
        {
            await Task.Yield();
            yield return item;
        }
    }
}
