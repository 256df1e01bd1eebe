namespace Freezer.Formats.Tar;

/// <summary>An archive breaks the rules of its format, or a limit that was set for it.</summary>
internal sealed class TarFormatException(string message, long offset = TarFormatException.UnknownOffset, Exception? innerException = null)
    : IOException(offset == UnknownOffset ? message : $"{message} (at byte {offset} of the archive)", innerException)
{
    internal const long UnknownOffset = -1;

    /// <summary>The byte of the archive at which the broken member's header begins; <see cref="UnknownOffset"/> where a
    /// part of an archive was read by itself.</summary>
    internal long Offset { get; } = offset;
}
