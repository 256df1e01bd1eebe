namespace Freezer.Platform;

/// <summary>The names of a directory, sorted by their unsigned bytes, with the status of each.</summary>
internal sealed class DirectoryListing
{
    private readonly byte[] _names;
    private readonly Entry[] _entries;

    /// <param name="names">All names one after another.</param>
    /// <param name="entries">Where each name lies and what it is; sorted here.</param>
    /// <param name="count">How many entries count.</param>
    internal DirectoryListing(byte[] names, Entry[] entries, int count)
    {
        _names = names;
        _entries = entries;
        Count = count;
        entries.AsSpan(0, count).Sort((a, b) =>
            names.AsSpan(a.NameOffset, a.NameLength).SequenceCompareTo(names.AsSpan(b.NameOffset, b.NameLength)));
    }

    internal static DirectoryListing Empty { get; } = new([], [], 0);

    internal int Count { get; }

    internal ReadOnlySpan<byte> Name(int index) => _names.AsSpan(_entries[index].NameOffset, _entries[index].NameLength);

    internal ref readonly FileStatus Status(int index) => ref _entries[index].Status;

    /// <summary>Why the name could not be looked at, or <see langword="null"/>. Its status then holds no more than its kind.</summary>
    internal FileSystemException? Error(int index) => _entries[index].Error;

    internal struct Entry
    {
        public int NameOffset;
        public int NameLength;
        public FileStatus Status;
        public FileSystemException? Error;
    }
}
