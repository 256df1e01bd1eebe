namespace Freezer.Platform;

/// <summary>An open directory of a destination. Every name is a single component and no link is followed, ever.</summary>
/// <remarks>Safe from several threads at once.</remarks>
internal abstract class TargetDirectory : TargetNode
{
    /// <summary>Stats a name without following it.</summary>
    internal abstract bool TryStat(ReadOnlySpan<byte> name, out FileStatus status);

    /// <summary>The names in the directory, in no order, without <c>.</c> and <c>..</c>.</summary>
    internal abstract IReadOnlyList<byte[]> ListNames();

    /// <summary>Opens a directory in this one. Fails with <see cref="FileError.IsALink"/> or
    /// <see cref="FileError.NotADirectory"/> where the name is something else.</summary>
    internal abstract TargetDirectory OpenDirectory(ReadOnlySpan<byte> name);

    /// <summary>The same directory once more, to be disposed on its own.</summary>
    internal abstract TargetDirectory Duplicate();

    /// <summary>Opens a directory below this one, component by component and without following links, however long the path is.</summary>
    /// <param name="path">Components separated by <c>/</c>; empty for this directory itself.</param>
    /// <returns>A directory that the caller disposes, also where the path is empty.</returns>
    internal TargetDirectory OpenPath(ReadOnlySpan<byte> path)
    {
        TargetDirectory directory = Duplicate();
        if (path.IsEmpty)
        {
            return directory;
        }

        foreach (Range component in path.Split((byte)'/'))
        {
            using TargetDirectory parent = directory;
            directory = parent.OpenDirectory(path[component]);
        }

        return directory;
    }

    /// <summary>Creates a directory that only its owner can enter. Fails where the name is taken.</summary>
    internal abstract void CreateDirectory(ReadOnlySpan<byte> name);

    /// <summary>Creates a file that only its owner can read. Fails where the name is taken (<c>O_EXCL</c>).</summary>
    internal abstract TargetFile CreateFile(ReadOnlySpan<byte> name);

    internal abstract void CreateSymbolicLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target);

    /// <summary>Gives a name of this directory to what <paramref name="existing"/> in <paramref name="directory"/> is, without following it.</summary>
    internal abstract void CreateHardLink(ReadOnlySpan<byte> name, TargetDirectory directory, ReadOnlySpan<byte> existing);

    internal abstract void CreateFifo(ReadOnlySpan<byte> name);

    internal abstract void CreateDevice(ReadOnlySpan<byte> name, FileKind kind, uint major, uint minor);

    /// <summary>Removes anything but a directory.</summary>
    internal abstract void RemoveFile(ReadOnlySpan<byte> name);

    /// <summary>Removes an empty directory.</summary>
    internal abstract void RemoveDirectory(ReadOnlySpan<byte> name);

    /// <summary>Moves what a name stands for, without following it. A file, or an empty directory, of the new name is replaced.</summary>
    internal abstract void Rename(ReadOnlySpan<byte> name, TargetDirectory directory, ReadOnlySpan<byte> newName);

    /// <summary>A name of this directory that is neither file nor directory (a link, FIFO, device), to set its metadata.</summary>
    internal abstract TargetNode OpenNode(ReadOnlySpan<byte> name);
}
