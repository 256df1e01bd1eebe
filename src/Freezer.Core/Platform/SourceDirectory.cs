namespace Freezer.Platform;

/// <summary>An open directory that is read. Every name is a single component and no link is followed.</summary>
/// <remarks>Counted references: a walk reads ahead while files of an earlier listing are still being opened.
/// One reference belongs to whoever opened it. Methods may be called from any thread.</remarks>
internal abstract class SourceDirectory : IDisposable
{
    private int _references = 1;

    /// <summary>The directory's own status, read after it was opened.</summary>
    internal abstract FileStatus Status { get; }

    /// <summary>Lists the directory, sorted by the unsigned bytes of the names, each with its status.</summary>
    internal abstract DirectoryListing List(CancellationToken cancellationToken);

    /// <summary>Stats one name again.</summary>
    internal abstract FileStatus Stat(ReadOnlySpan<byte> name);

    /// <summary>Opens a directory in this one. Fails with <see cref="FileError.IsALink"/> or
    /// <see cref="FileError.NotADirectory"/> where the name has become something else.</summary>
    internal abstract SourceDirectory OpenDirectory(ReadOnlySpan<byte> name);

    /// <summary>Opens a regular file to read; never waits for a FIFO's writer.</summary>
    internal abstract SourceFile OpenFile(ReadOnlySpan<byte> name);

    internal abstract byte[] ReadLink(ReadOnlySpan<byte> name);

    /// <summary>The extended attributes of an entry that is not opened otherwise (a link, FIFO, device), sorted by name.</summary>
    internal abstract IReadOnlyList<FileAttribute> ReadAttributes(ReadOnlySpan<byte> name);

    /// <summary>The extended attributes of the directory itself, sorted by name.</summary>
    internal abstract IReadOnlyList<FileAttribute> ReadAttributes();

    internal SourceDirectory AddReference()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Gives up one reference; the last one closes the directory.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Close();
        }
    }

    protected abstract void Close();
}
