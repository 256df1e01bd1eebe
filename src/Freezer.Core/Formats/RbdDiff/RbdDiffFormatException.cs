namespace Freezer.Formats.RbdDiff;

/// <summary>A stream breaks the rules of <c>rbd diff v1</c>, or ends too early.</summary>
internal sealed class RbdDiffFormatException(string message, long offset, Exception? innerException = null)
    : IOException($"{message} (at byte {offset} of the stream)", innerException)
{
    /// <summary>The byte of the stream at which the broken record begins.</summary>
    internal long Offset { get; } = offset;
}
