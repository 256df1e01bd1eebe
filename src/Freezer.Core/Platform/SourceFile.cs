namespace Freezer.Platform;

/// <summary>A regular file that is open for reading.</summary>
internal abstract class SourceFile : IDisposable
{
    /// <summary>The status of what was opened, read from the open file.</summary>
    internal abstract FileStatus Status { get; }

    /// <summary>Stats the open file again: whether it changed while it was read.</summary>
    internal abstract FileStatus StatAgain();

    /// <summary>Reads at an offset; 0 only at the end of the file.</summary>
    internal abstract int ReadAt(Span<byte> buffer, long offset);

    /// <summary>Finds the next extent of data at or after an offset. False where only a hole, or nothing, is left.
    /// Where the platform cannot tell, the rest of the file is one extent.</summary>
    internal abstract bool TryFindData(long offset, out long start, out long end);

    /// <summary>The extended attributes, sorted by name.</summary>
    internal abstract IReadOnlyList<FileAttribute> ReadAttributes();

    /// <summary>Tells the system that the file will be read from its beginning to its end.</summary>
    internal virtual void AdviseSequential()
    {
    }

    public abstract void Dispose();
}
