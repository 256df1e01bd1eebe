using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Sets owner, attributes, mode and times, in the order that keeps all of them. Safe from any thread.</summary>
/// <remarks>Owners are set by number: the same number means the same owner on the machine that the backup came from. What may not
/// be set is reported and never ends the restore.</remarks>
internal sealed class MetadataWriter(FileTree tree, RestoreReport report, bool isTrusted)
{
    private const int SetIdBits = 0xC00;
    private const int AllModeBits = 0xFFF;

    private readonly bool _isPrivileged = Environment.IsPrivilegedProcess;
    private readonly FileTreeCapabilities _capabilities = tree.Capabilities;

    /// <summary>Whether the user is held back by modes.</summary>
    internal bool IsPrivileged => _isPrivileged;

    internal bool KeepsModes => (_capabilities & FileTreeCapabilities.Modes) != 0;

    internal bool KeepsAttributes => (_capabilities & FileTreeCapabilities.Attributes) != 0;

    /// <summary>Sets everything that an entry has beside its content.</summary>
    /// <param name="node">What to set it on; its content is complete.</param>
    /// <param name="path">The entry, for reports.</param>
    /// <param name="metadata">What to set.</param>
    /// <param name="kind">What the entry is: a symbolic link has no mode.</param>
    /// <param name="hadAttributes">Whether it may have attributes that are not the entry's: those it had before, or those of its directory's default access list.</param>
    internal void Apply(TargetNode node, EntryPath path, in NodeMetadata metadata, FileKind kind, bool hadAttributes)
    {
        bool isOwned = TrySetOwner(node, path, metadata);
        SetAttributes(node, path, metadata.Attributes, hadAttributes);
        if (kind != FileKind.SymbolicLink)
        {
            SetMode(node, path, metadata.Mode, isOwned);
        }

        try
        {
            node.SetTimes(metadata.Modified, metadata.Accessed);
        }
        catch (FileSystemException e)
        {
            report.Lose(path, $"Its time could not be set: {e.Message}.");
        }
    }

    private bool TrySetOwner(TargetNode node, EntryPath path, in NodeMetadata metadata)
    {
        if ((_capabilities & FileTreeCapabilities.Owners) == 0)
        {
            report.NoteMissingOwners(path);
            return false;
        }

        if (metadata.UserId is < 0 or >= uint.MaxValue || metadata.GroupId is < 0 or >= uint.MaxValue)
        {
            report.Lose(path, $"Its owner {metadata.UserId}:{metadata.GroupId} is not one that this system knows.");
            return false;
        }

        uint userId = (uint)metadata.UserId;
        uint groupId = (uint)metadata.GroupId;
        try
        {
            if (!_isPrivileged)
            {
                FileStatus status = node.Status;
                if (status.UserId == userId && status.GroupId == groupId)
                {
                    return true;
                }
            }

            node.SetOwner(userId, groupId);
            return true;
        }
        catch (FileSystemException e)
        {
            report.Lose(path, $"Its owner {userId}:{groupId} could not be set: {e.Message}.");
            return false;
        }
    }

    private void SetAttributes(TargetNode node, EntryPath path, IReadOnlyList<FileAttribute> attributes, bool hadAttributes)
    {
        if (hadAttributes)
        {
            RemoveOthers(node, path, attributes);
        }

        for (int i = 0; i < attributes.Count; i++)
        {
            FileAttribute attribute = attributes[i];
            if (PosixAccessControl.IsText(attribute.Name) && !PosixAccessControl.TryConvert(attributes[i], tree, out attribute))
            {
                report.Lose(path, "Its access control list could not be set: it is malformed, or names somebody unknown to this system.");
            }
            else if (!isTrusted && !IsHarmless(attribute.Name))
            {
                report.Note(path, $"Its attribute '{EntryPath.ToText(attribute.Name)}' is left out: the backup is not trusted.");
            }
            else
            {
                SetAttribute(node, path, attribute);
            }
        }
    }

    private void SetAttribute(TargetNode node, EntryPath path, FileAttribute attribute)
    {
        try
        {
            node.SetAttribute(attribute.Name, attribute.Value);
        }
        catch (FileSystemException e)
        {
            report.Lose(path, $"Its attribute '{EntryPath.ToText(attribute.Name)}' could not be set: {e.Message}.");
        }
    }

    /// <summary>Removes what the entry should not have, as far as it is for users to set; labels that the system gives stay.</summary>
    private void RemoveOthers(TargetNode node, EntryPath path, IReadOnlyList<FileAttribute> attributes)
    {
        if (!KeepsAttributes)
        {
            return;
        }

        try
        {
            foreach (byte[] name in node.ListAttributes())
            {
                if ((IsHarmless(name) || name.AsSpan().SequenceEqual("security.capability"u8)) && !Holds(attributes, name))
                {
                    node.RemoveAttribute(name);
                }
            }
        }
        catch (FileSystemException e)
        {
            report.Lose(path, $"Attributes that it had could not be removed: {e.Message}.");
        }
    }

    private static bool Holds(IReadOnlyList<FileAttribute> attributes, ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < attributes.Count; i++)
        {
            if (name.SequenceEqual(attributes[i].Name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What gives nobody more than a mode does. Capabilities, labels and what overlay file systems believe do.</summary>
    private static bool IsHarmless(ReadOnlySpan<byte> name) =>
        name.StartsWith("user."u8)
        || name.SequenceEqual(PosixAccessControl.AccessAttribute)
        || name.SequenceEqual(PosixAccessControl.DefaultAttribute);

    private void SetMode(TargetNode node, EntryPath path, int mode, bool isOwned)
    {
        if (!KeepsModes)
        {
            return;
        }

        mode &= AllModeBits;
        if ((mode & SetIdBits) != 0 && !(isTrusted && isOwned))
        {
            mode &= ~SetIdBits;
            report.Lose(path, isTrusted
                ? "Its set-uid and set-gid bits are left out: it has another owner."
                : "Its set-uid and set-gid bits are left out: the backup is not trusted.");
        }

        try
        {
            node.SetMode(mode);
        }
        catch (FileSystemException e)
        {
            report.Lose(path, $"Its mode could not be set: {e.Message}.");
        }
    }
}
