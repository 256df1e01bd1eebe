using Freezer.Platform;

namespace Freezer.Engines.Tar.Walk;

/// <summary>The mark of a directory whose content can be made again: https://bford.info/cachedir/.</summary>
internal static class CacheDirectoryTag
{
    internal static ReadOnlySpan<byte> Name => "CACHEDIR.TAG"u8;

    private static ReadOnlySpan<byte> Signature => "Signature: 8a477f597d28d172789f06886806bc55"u8;

    /// <summary>Whether the entry is a file that begins with the signature. One that cannot be read marks nothing.</summary>
    internal static bool IsValid(SourceDirectory directory, in FileStatus status)
    {
        if (status.Kind != FileKind.Regular || status.Size < Signature.Length)
        {
            return false;
        }

        Span<byte> start = stackalloc byte[Signature.Length];
        try
        {
            using SourceFile file = directory.OpenFile(Name);
            return file.ReadAt(start, 0) == start.Length && start.SequenceEqual(Signature);
        }
        catch (FileSystemException)
        {
            return false;
        }
    }
}
