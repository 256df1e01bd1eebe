using System.Buffers;
using System.IO.Pipelines;
using Freezer.Formats.RbdDiff;

namespace Freezer.Tests.Formats.RbdDiff;

/// <summary>An extent with its content; a zero extent has none.</summary>
internal sealed record SampleExtent(long Offset, long Length, byte[]? Content)
{
    internal static SampleExtent Data(long offset, params byte[] content) => new(offset, content.Length, content);

    internal static SampleExtent Zero(long offset, long length) => new(offset, length, null);
}

/// <summary>A whole stream, written and read.</summary>
internal sealed record SampleDiff(RbdDiffHeader Header, IReadOnlyList<SampleExtent> Extents)
{
    internal static SampleDiff Small { get; } = new(
        new RbdDiffHeader("before", "after", 100),
        [SampleExtent.Data(3, 1, 2, 3, 4, 5), SampleExtent.Zero(10, 20), SampleExtent.Data(30, 6), SampleExtent.Zero(99, 1)]);

    /// <summary>Any stream that obeys the rules.</summary>
    internal static SampleDiff Random(Random random)
    {
        List<SampleExtent> extents = [];
        long end = 0;
        for (int count = random.Next(0, 12); count > 0; count--)
        {
            long offset = end + (random.Next(2) * random.NextInt64(1L << 40));
            if (random.Next(2) == 0)
            {
                byte[] content = new byte[random.Next(1, 200)];
                random.NextBytes(content);
                extents.Add(SampleExtent.Data(offset, content));
            }
            else
            {
                extents.Add(SampleExtent.Zero(offset, random.NextInt64(1, 1L << 40)));
            }

            end = offset + extents[^1].Length;
        }

        string? name = random.Next(2) == 0 ? null : new string('ä', random.Next(0, 50));
        return new SampleDiff(new RbdDiffHeader(name, random.Next(2) == 0 ? null : "to", end + random.Next(5)), extents);
    }

    internal byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new RbdDiffWriter(buffer);
        writer.WriteHeader(Header);
        foreach (SampleExtent extent in Extents)
        {
            if (extent.Content is null)
            {
                writer.WriteZero(extent.Offset, extent.Length);
                continue;
            }

            writer.WriteDataHeader(extent.Offset, extent.Content.Length);
            writer.Position.Should().Be(buffer.WrittenCount, "here the content begins");
            writer.WriteContent(extent.Content);
        }

        writer.WriteEnd();
        writer.Position.Should().Be(buffer.WrittenCount);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a stream that arrives in pieces of some size.</summary>
    internal static async Task<SampleDiff> ReadAsync(byte[] stream, int pieceSize = int.MaxValue)
    {
        var reader = new RbdDiffReader(PipeReader.Create(new PiecewiseStream(stream, pieceSize)));
        RbdDiffHeader header = await reader.ReadHeaderAsync(CancellationToken.None);
        List<SampleExtent> extents = [];
        while (await reader.ReadExtentAsync(CancellationToken.None) is { } extent)
        {
            extents.Add(new SampleExtent(extent.Offset, extent.Length, extent.IsZero ? null : await ReadContentAsync(reader)));
        }

        reader.Position.Should().Be(stream.Length);
        return new SampleDiff(header, extents);
    }

    private static async Task<byte[]> ReadContentAsync(RbdDiffReader reader)
    {
        var content = new MemoryStream();
        while (reader.ContentRemaining > 0)
        {
            ReadOnlySequence<byte> part = await reader.ReadContentAsync(CancellationToken.None);
            part.IsEmpty.Should().BeFalse();
            content.Write(part.ToArray());
            reader.AdvanceContent(part.End, part.Length);
        }

        return content.ToArray();
    }
}

/// <summary>A stream that gives a few bytes at a time.</summary>
internal sealed class PiecewiseStream(byte[] content, int pieceSize) : MemoryStream(content, writable: false)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceSize)], cancellationToken);
}
