using System.Runtime.CompilerServices;

namespace Freezer.Platform.Linux;

/// <summary>The metadata of what a descriptor holds: an open file or directory, or a node that a descriptor only stands for (<c>O_PATH</c>).</summary>
/// <remarks>The system drops or bends some values without an error: a reserved id, the set-group-id bit, a time outside of
/// what the file system keeps. Here each of them is an error.</remarks>
[SkipLocalsInit]
internal readonly ref struct LinuxMetadata(int descriptor, bool isNode, ReadOnlySpan<byte> displayName)
{
    private const uint LeaveId = uint.MaxValue;
    private const int SetGroupId = 0x400;
    private const int AllModeBits = 0xFFF;

    private readonly int _descriptor = descriptor;
    private readonly bool _isNode = isNode;
    private readonly ReadOnlySpan<byte> _displayName = displayName;

    internal FileStatus Read()
    {
        int result = SystemCalls.Stat(_descriptor, out FileStatus status);
        return result == 0 ? status : throw LinuxError.Make("statx", result, _displayName);
    }

    internal void SetOwner(uint userId, uint groupId)
    {
        if (userId == LeaveId || groupId == LeaveId)
        {
            throw new FileSystemException(FileError.NotSupported, $"'{EntryPath.ToText(_displayName)}' cannot belong to the id {LeaveId}: the system takes it for 'leave as it is'");
        }

        int result = SystemCalls.ChangeOwner(_descriptor, userId, groupId);
        if (result < 0)
        {
            throw LinuxError.Make("fchownat", result, _displayName);
        }
    }

    internal void SetMode(int mode)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)mode, (uint)AllModeBits, nameof(mode));
        if (_isNode)
        {
            SetNodeMode(mode);
        }
        else
        {
            int result = SystemCalls.ChangeMode(_descriptor, mode);
            if (result < 0)
            {
                throw LinuxError.Make("fchmod", result, _displayName);
            }
        }

        if ((mode & SetGroupId) != 0 && (Read().Mode & SetGroupId) == 0)
        {
            throw new FileSystemException(FileError.AccessDenied, $"The set-group-id bit of '{EntryPath.ToText(_displayName)}' was dropped: the file's group is none of yours (run as root)");
        }
    }

    internal void SetTimes(UnixTime modified, UnixTime accessed)
    {
        Check(modified);
        Check(accessed);
        if (_isNode)
        {
            SetNodeTimes(modified, accessed);
        }
        else
        {
            int result = SystemCalls.ChangeTimes(_descriptor, accessed, modified);
            if (result < 0)
            {
                throw LinuxError.Make("futimens", result, _displayName);
            }
        }

        // Every file system keeps the 32-bit seconds. Beyond them the system may store its nearest time and report success.
        if (modified.Seconds is < int.MinValue or > int.MaxValue && Read().Modified.Seconds != modified.Seconds)
        {
            throw new FileSystemException(FileError.NotSupported, $"The file system cannot keep the time of '{EntryPath.ToText(_displayName)}', {modified.Seconds} s since 1970");
        }
    }

    internal void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Attributes(stackalloc byte[DescriptorPath.Capacity]).Set(name, value);

    internal void RemoveAttribute(ReadOnlySpan<byte> name) =>
        Attributes(stackalloc byte[DescriptorPath.Capacity]).Remove(name);

    internal IReadOnlyList<byte[]> ListAttributes() =>
        Attributes(stackalloc byte[DescriptorPath.Capacity]).ReadNames();

    /// <summary>The way of kernels before 6.6.</summary>
    internal void SetNodeModeByPath(int mode)
    {
        int result = SystemCalls.ChangeModeByPath(DescriptorPath.Write(_descriptor, stackalloc byte[DescriptorPath.Capacity]), mode);
        if (result < 0)
        {
            throw DescriptorPath.Failure("fchmodat", result, _displayName);
        }
    }

    /// <summary>The way of kernels before 5.8.</summary>
    internal void SetNodeTimesByPath(UnixTime modified, UnixTime accessed)
    {
        int result = SystemCalls.ChangeTimesByPath(DescriptorPath.Write(_descriptor, stackalloc byte[DescriptorPath.Capacity]), accessed, modified);
        if (result < 0)
        {
            throw DescriptorPath.Failure("utimensat", result, _displayName);
        }
    }

    private void SetNodeMode(int mode)
    {
        int result = SystemCalls.ChangeNodeMode(_descriptor, mode);
        if (result == -Errno.NoSystemCall)
        {
            SetNodeModeByPath(mode);
        }
        else if (result < 0)
        {
            throw LinuxError.Make("fchmodat2", result, _displayName);
        }
    }

    private void SetNodeTimes(UnixTime modified, UnixTime accessed)
    {
        int result = SystemCalls.ChangeNodeTimes(_descriptor, accessed, modified);
        if (result == -Errno.InvalidArgument)
        {
            SetNodeTimesByPath(modified, accessed);
        }
        else if (result < 0)
        {
            throw LinuxError.Make("utimensat", result, _displayName);
        }
    }

    private ExtendedAttributes Attributes(Span<byte> buffer) => _isNode
        ? new ExtendedAttributes(DescriptorPath.Write(_descriptor, buffer), _displayName)
        : new ExtendedAttributes(_descriptor, _displayName);

    /// <summary>Numbers above a second's mean "now" and "leave as it is" to the system.</summary>
    private static void Check(UnixTime time) =>
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)time.Nanoseconds, (uint)UnixTime.NanosecondsPerSecond, nameof(time));
}
