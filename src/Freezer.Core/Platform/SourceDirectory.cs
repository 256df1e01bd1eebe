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

    /// <summary>Opens a directory below this one, component by component and without following links, however long the path is.</summary>
    /// <param name="path">Components separated by <c>/</c>; empty for this directory itself.</param>
    /// <returns>A reference of the caller's own.</returns>
    internal SourceDirectory OpenPath(ReadOnlySpan<byte> path)
    {
        SourceDirectory directory = AddReference();
        if (path.IsEmpty)
        {
            return directory;
        }

        foreach (Range component in path.Split((byte)'/'))
        {
            using SourceDirectory parent = directory;
            directory = parent.OpenDirectory(path[component]);
        }

        return directory;
    }

    internal SourceDirectory AddReference()
    {
        int references = Volatile.Read(ref _references);
        while (true)
        {
            // Counting up from zero would bring a closed directory back.
            ObjectDisposedException.ThrowIf(references <= 0, this);
            int seen = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (seen == references)
            {
                return this;
            }

            references = seen;
        }
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
