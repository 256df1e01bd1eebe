namespace Freezer.Engines.Tar;

/// <summary>What a <see cref="TarEngine"/> leaves out, and how it finds what has changed. The defaults leave out nothing and trust nothing.</summary>
public sealed record TarEngineOptions
{
    /// <summary>What is left out: lines as in a <c>.gitignore</c> at the root of the resource. None by default.</summary>
    /// <remarks>
    /// The rules are those of gitignore: <c>#</c> begins a comment and <c>!</c> takes names in again; a pattern with a slash at
    /// its beginning or within is matched from the root, any other against the name alone; a slash at the end means directories
    /// only; <c>*</c>, <c>?</c> and <c>[a-z]</c> do not match a slash, <c>**</c> as a whole component matches any number of
    /// directories; a backslash takes the next character as it is. The last pattern that matches decides. What is in a directory that
    /// is left out cannot be taken in again. Patterns are matched on the bytes of names, as UTF-8 has them.
    /// What is left out is neither in the archive nor in the manifest, and goes when a level is restored over an earlier one that had it.
    /// </remarks>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether directories on which another file system is mounted are stored empty. Each of several sources may be on one of its own.
    /// <see langword="false"/> by default.</summary>
    public bool OneFileSystem { get; init; }

    /// <summary>Whether of a directory that is marked as a cache (it holds a file <c>CACHEDIR.TAG</c> with the agreed signature) only
    /// the directory and that file are stored. <see langword="false"/> by default. The mark is described at https://bford.info/cachedir/.</summary>
    public bool ExcludeCacheDirectories { get; init; }

    /// <summary>Whether a file that has another inode than in the parent may still count as unchanged, as on snapshots and network file systems
    /// that hand out new inodes. <see langword="false"/> by default.</summary>
    public bool IgnoreInode { get; init; }

    /// <summary>Whether a file that has another time of status change than in the parent may still count as unchanged. Changes that
    /// keep size, time of modification, mode and owner are then not seen. <see langword="false"/> by default.</summary>
    public bool IgnoreChangeTime { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Exclude);
        foreach (string pattern in Exclude)
        {
            ArgumentNullException.ThrowIfNull(pattern, nameof(Exclude));
        }
    }
}
