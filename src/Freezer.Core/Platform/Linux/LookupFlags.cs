namespace Freezer.Platform.Linux;

/// <summary>Where a name is looked up, and how (<c>linux/fcntl.h</c>).</summary>
internal static class LookupFlags
{
    /// <summary>In place of a directory's descriptor: the working directory.</summary>
    internal const int WorkingDirectory = -100;
    internal const int NoFollow = 0x100;
    internal const int RemoveDirectory = 0x200;

    /// <summary>A look at a mount point of an automounter does not mount it, as with <c>lstat</c>.</summary>
    internal const int NoAutomount = 0x800;

    /// <summary>With an empty name: the descriptor itself.</summary>
    internal const int EmptyPath = 0x1000;
}
