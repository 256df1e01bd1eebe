using System.Buffers;
using System.IO.Pipelines;
using Freezer.Formats.Tar;

namespace Freezer.Tests.Formats.Tar;

/// <summary>A member with its stored content, and where it lies.</summary>
internal sealed record TarMember(TarEntry Entry, byte[] Content, long Offset = 0, long ContentOffset = 0);

/// <summary>Whole archives in memory, written and read through the codec.</summary>
internal static class TarArchive
{
    internal static byte[] Write(params IEnumerable<TarMember> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new TarWriter(buffer);
        foreach (TarMember member in members)
        {
            writer.WriteHeader(member.Entry);
            buffer.Write(member.Content);
            writer.AddContent(member.Content.Length);
            writer.WritePadding(member.Content.Length);
        }

        writer.WriteEnd();
        writer.Position.Should().Be(buffer.WrittenCount);
        return buffer.WrittenSpan.ToArray();
    }

    internal static Task<List<TarMember>> ReadAsync(byte[] archive, TarReaderOptions? options = null) =>
        ReadAsync(PipeReader.Create(new ReadOnlySequence<byte>(archive)), options);

    internal static async Task<List<TarMember>> ReadAsync(PipeReader source, TarReaderOptions? options = null, long startOffset = 0)
    {
        var reader = new TarReader(source, options, startOffset);
        var members = new List<TarMember>();
        while (await reader.ReadEntryAsync(CancellationToken.None) is { } entry)
        {
            long contentOffset = reader.ContentOffset;
            members.Add(new TarMember(entry, await ReadContentAsync(reader), reader.EntryOffset, contentOffset));
        }

        return members;
    }

    internal static async Task<byte[]> ReadContentAsync(TarReader reader)
    {
        var content = new ArrayBufferWriter<byte>();
        while (reader.ContentRemaining > 0)
        {
            ReadOnlySequence<byte> part = await reader.ReadContentAsync(CancellationToken.None);
            part.IsEmpty.Should().BeFalse();
            content.Write(part.ToArray());
            reader.AdvanceContent(part.End);
        }

        return content.WrittenSpan.ToArray();
    }

    /// <summary>Reads while another task feeds the archive in pieces of the given lengths, in turn.</summary>
    internal static async Task<List<TarMember>> ReadInPiecesAsync(byte[] archive, params int[] lengths)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task feed = Task.Run(async () =>
        {
            int turn = 0;
            for (int position = 0; position < archive.Length;)
            {
                int length = Math.Min(lengths[turn++ % lengths.Length], archive.Length - position);
                await pipe.Writer.WriteAsync(archive.AsMemory(position, length));
                position += length;
            }

            await pipe.Writer.CompleteAsync();
        });
        List<TarMember> members = await ReadAsync(pipe.Reader);
        await feed;
        return members;
    }

    /// <summary>The whole content, with zeros in its holes.</summary>
    internal static byte[] Fill(this TarMember member)
    {
        byte[] whole = new byte[member.Entry.Size];
        int position = 0;
        foreach (SparseExtent extent in member.Entry.Extents ?? [new SparseExtent(0, member.Entry.Size)])
        {
            member.Content.AsSpan(position, (int)extent.Length).CopyTo(whole.AsSpan((int)extent.Offset));
            position += (int)extent.Length;
        }

        return whole;
    }

    internal static void ShouldBe(this List<TarMember> actual, IReadOnlyList<TarMember> expected)
    {
        actual.Should().HaveSameCount(expected);
        for (int i = 0; i < expected.Count; i++)
        {
            Describe(actual[i]).Should().Be(Describe(expected[i]));
        }
    }

    /// <summary>Everything of a member as one text, so that two can be compared at once.</summary>
    internal static string Describe(TarMember member)
    {
        TarEntry entry = member.Entry;
        string attributes = string.Join(",", entry.Attributes.Select(a => $"{Hex(a.Name)}={Hex(a.Value)}"));
        string extents = entry.Extents is null ? "none" : string.Join(",", entry.Extents);
        return $"{entry.Type} {Hex(entry.Path)} -> {Hex(entry.LinkTarget)} mode {entry.Mode} owner {entry.UserId}:{entry.GroupId} {Hex(entry.UserName)}:{Hex(entry.GroupName)} "
            + $"size {entry.Size} modified {entry.Modified} accessed {entry.Accessed} device {entry.DeviceMajor}:{entry.DeviceMinor} "
            + $"extents {extents} attributes {attributes} listing {(entry.DumpDirectory is null ? "none" : Hex(entry.DumpDirectory))} content {Hex(member.Content)}";
    }

    private static string Hex(byte[] bytes) => EntryPath.ToText(bytes);
}
