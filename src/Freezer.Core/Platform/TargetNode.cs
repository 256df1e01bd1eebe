namespace Freezer.Platform;

/// <summary>Something in a destination whose metadata can be set; never what a link points to.</summary>
/// <remarks>Each setter throws a <see cref="FileSystemException"/> where it is not permitted or not supported, and the
/// caller decides what that means. Set them in this order: owner (it clears set-uid bits), attributes, mode, times.</remarks>
internal abstract class TargetNode : IDisposable
{
    internal abstract FileStatus Status { get; }

    internal abstract void SetOwner(uint userId, uint groupId);

    /// <summary>Sets 12 mode bits. Not for symbolic links.</summary>
    internal abstract void SetMode(int mode);

    /// <summary>Sets the time of last modification, and that of last access to the same or to <paramref name="accessed"/>.</summary>
    internal abstract void SetTimes(UnixTime modified, UnixTime? accessed = null);

    internal abstract void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    internal abstract void RemoveAttribute(ReadOnlySpan<byte> name);

    /// <summary>The names of the extended attributes that are set now.</summary>
    internal abstract IReadOnlyList<byte[]> ListAttributes();

    public abstract void Dispose();
}
