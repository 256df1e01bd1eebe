namespace Freezer;

/// <summary>A backup is, or was to be, compressed with a codec that cannot be used here: a library of the system is missing,
/// or nobody added a codec of this name. The message says what to do.</summary>
public sealed class CompressionUnavailableException : NotSupportedException
{
    /// <summary>Makes an error about a codec.</summary>
    /// <param name="codec">The codec's name.</param>
    /// <param name="message">Why it cannot be used, and what to do.</param>
    public CompressionUnavailableException(string codec, string message)
        : base(message) => Codec = codec;

    /// <summary>The codec's name.</summary>
    public string Codec { get; }
}
