namespace Freezer.Dataflow;

/// <summary>A frame on its way to or from the storage. It holds its content, its stored form, or for a moment both.</summary>
internal sealed class FrameItem : StageItem
{
    /// <summary>The content; disposed with the item, unless it is taken out.</summary>
    internal FrameBuffer? Content { get; set; }

    /// <summary>The stored form; disposed with the item, unless it is taken out.</summary>
    internal FrameBuffer? Stored { get; set; }

    /// <summary>How long the content is.</summary>
    internal required int ContentLength { get; init; }

    /// <summary>Which frame it is of those that are read, from 0; named in errors.</summary>
    internal long Index { get; init; }

    /// <summary>Where in the stored object it begins, where it is read.</summary>
    internal long StoredOffset { get; init; }

    /// <summary>Takes the content out.</summary>
    internal FrameBuffer TakeContent()
    {
        FrameBuffer content = Content!;
        Content = null;
        return content;
    }

    /// <summary>Takes the stored form out.</summary>
    internal FrameBuffer TakeStored()
    {
        FrameBuffer stored = Stored!;
        Stored = null;
        return stored;
    }

    public override void Dispose()
    {
        Content?.Dispose();
        Stored?.Dispose();
        Content = Stored = null;
    }
}

/// <summary>A leaf of the stored bytes.</summary>
internal sealed class LeafItem(FrameBuffer bytes) : StageItem
{
    /// <summary>The bytes; disposed with the item, unless they are taken out.</summary>
    internal FrameBuffer? Bytes { get; private set; } = bytes;

    /// <summary>Whether the object ends with it, where it is written.</summary>
    internal bool IsLast { get; init; }

    /// <summary>The SHA-256: found where a leaf is written, expected where it is read.</summary>
    internal Sha256Digest Digest { get; set; }

    /// <summary>Where in the stored object it begins.</summary>
    internal long Offset { get; init; }

    /// <summary>Which leaf of the object it is, from 0. The segments of an encrypted object have the same borders.</summary>
    internal long Number => Offset / StoredStreamOptions.LeafSize;

    /// <summary>Puts other bytes in the place of those that it has.</summary>
    internal void Replace(FrameBuffer other)
    {
        Bytes!.Dispose();
        Bytes = other;
    }

    /// <summary>Takes the bytes out.</summary>
    internal FrameBuffer TakeBytes()
    {
        FrameBuffer bytes = Bytes!;
        Bytes = null;
        return bytes;
    }

    public override void Dispose()
    {
        Bytes?.Dispose();
        Bytes = null;
    }
}
