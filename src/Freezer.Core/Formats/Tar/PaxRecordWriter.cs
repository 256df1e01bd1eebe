using System.Buffers.Text;
using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>Writes the records of one extended header into a span that is large enough.</summary>
internal ref struct PaxRecordWriter(Span<byte> destination)
{
    private const int LongestNumber = 20;

    private readonly Span<byte> _destination = destination;

    /// <summary>How many bytes the records take so far.</summary>
    internal int Length { get; private set; }

    internal void Add(scoped ReadOnlySpan<byte> keyword, scoped ReadOnlySpan<byte> value) =>
        Length += PaxRecord.Write(_destination[Length..], keyword, value);

    internal void Add(ReadOnlySpan<byte> keyword, long value)
    {
        Span<byte> text = stackalloc byte[LongestNumber];
        Utf8Formatter.TryFormat(value, text, out int length);
        Add(keyword, text[..length]);
    }

    internal void Add(ReadOnlySpan<byte> keyword, UnixTime value)
    {
        Span<byte> text = stackalloc byte[PaxTime.Longest];
        Add(keyword, text[..PaxTime.Write(value, text)]);
    }

    /// <summary>Adds an extended attribute. Its value may be empty: that is not the same as no attribute.</summary>
    internal void Add(FileAttribute attribute)
    {
        int nameLength = attribute.Name.Length + PaxAttributeName.MeasureEscapes(attribute.Name);
        Span<byte> record = _destination[Length..];
        int length = PaxRecord.WriteFrame(record, PaxKeyword.Attribute.Length + nameLength, attribute.Value, out int keywordStart);
        PaxKeyword.Attribute.CopyTo(record[keywordStart..]);
        PaxAttributeName.Encode(attribute.Name, record[(keywordStart + PaxKeyword.Attribute.Length)..]);
        Length += length;
    }
}
