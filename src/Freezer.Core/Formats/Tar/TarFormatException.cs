namespace Freezer.Formats.Tar;

/// <summary>An archive breaks the rules of its format, or a limit that was set for it.</summary>
internal sealed class TarFormatException(string message, long offset, Exception? innerException = null)
    : IOException($"{message} (at byte {offset} of the archive)", innerException)
{
    /// <summary>The byte of the archive at which the broken member's header begins.</summary>
    internal long Offset { get; } = offset;
}
