using System.IO.Pipelines;
using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Restore;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Repair;

/// <summary>Reads an archive directory by directory, in the memory of the largest one.</summary>
internal sealed class ArchivedTree(PipeReader archive, RepairContext context) : IDisposable
{
    private readonly TarReader _reader = new(archive);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private ArchivedDirectory? _next;
    private bool _isBegun;

    /// <summary>Reads the next directory with its entries.</summary>
    /// <returns>The directory; <see langword="null"/> behind the last one.</returns>
    /// <exception cref="BackupDamagedException">The archive is not one that this engine has written.</exception>
    /// <exception cref="TarFormatException">The archive is malformed.</exception>
    internal async ValueTask<ArchivedDirectory?> ReadAsync(CancellationToken cancellationToken)
    {
        ArchivedDirectory? directory = _next;
        _next = null;
        if (directory is null && _isBegun)
        {
            return null;
        }

        _isBegun = true;
        while (await _reader.ReadEntryAsync(cancellationToken).ConfigureAwait(false) is { } entry)
        {
            EntryPath path = Parse(entry.Path);
            if (entry.Type != TarEntryType.Directory)
            {
                if (directory is null || path.IsRoot || path.Parent != directory.Path)
                {
                    throw Damaged($"'{path}' does not stand behind its directory");
                }

                directory.Members[new EntryPath(path.Name)] = await ReadMemberAsync(entry, cancellationToken).ConfigureAwait(false);
                continue;
            }

            ArchivedDirectory at = directory is not null && path == directory.Path ? directory : new ArchivedDirectory(path);
            at.Own = RecordOf(entry);
            at.Listing = entry.DumpDirectory is { } listing && DumpDirectory.IsWritable(listing) ? listing
                : throw Damaged($"the directory '{path}' has no listing, or one that this engine does not write");
            if (directory is not null && at != directory)
            {
                _next = at;
                break;
            }

            directory = at;
        }

        return directory;
    }

    /// <summary>Reads all of an archive, and counts how many other names lead to the inode of each member that a hard link names.</summary>
    internal static async Task<Dictionary<EntryPath, uint>> CountLinksAsync(PipeReader archive, CancellationToken cancellationToken)
    {
        Dictionary<EntryPath, uint> links = [];
        var reader = new TarReader(archive);
        while (await reader.ReadEntryAsync(cancellationToken).ConfigureAwait(false) is { } entry)
        {
            if (entry.Type == TarEntryType.HardLink && MemberPath.TryParse(entry.LinkTarget, out EntryPath target, out _, out _))
            {
                links[target] = links.GetValueOrDefault(target) + 1;
            }
        }

        return links;
    }

    internal BackupDamagedException Damaged(string what) => new($"The archive of {context.Target} does not tell what the backup holds: {what}.");

    public void Dispose() => _hash.Dispose();

    private async ValueTask<ArchivedMember> ReadMemberAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Type == TarEntryType.HardLink)
        {
            return new ArchivedMember(default, Parse(entry.LinkTarget));
        }

        TarManifestRecord record = RecordOf(entry);
        if (record.Kind == FileKind.Regular)
        {
            record.Size = entry.Size;
            record.Extents = entry.Extents;
            record.Flags |= entry.Extents is null ? TarManifestFlags.None : TarManifestFlags.Sparse;
            record.Content = new ContentLocation(context.Target.Id, _reader.EntryOffset);
            record.Digest = await HashAsync(cancellationToken).ConfigureAwait(false);
        }

        return new ArchivedMember(record, null);
    }

    private async ValueTask<Sha256Digest> HashAsync(CancellationToken cancellationToken)
    {
        while (_reader.ContentRemaining > 0)
        {
            var part = await _reader.ReadContentAsync(cancellationToken).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in part)
            {
                _hash.AppendData(segment.Span);
            }

            context.ReportProgress(part.Length, 0);
            _reader.AdvanceContent(part.End);
        }

        Sha256Digest digest = default;
        _hash.GetHashAndReset(digest);
        return digest;
    }

    /// <summary>What a member's header tells. The inode and its time of status change are not known: the entry counts as one that may have changed since.</summary>
    private TarManifestRecord RecordOf(TarEntry entry) => new()
    {
        Kind = entry.Type switch
        {
            TarEntryType.RegularFile => FileKind.Regular,
            TarEntryType.Directory => FileKind.Directory,
            TarEntryType.SymbolicLink => FileKind.SymbolicLink,
            TarEntryType.Fifo => FileKind.Fifo,
            TarEntryType.CharacterDevice => FileKind.CharacterDevice,
            _ => FileKind.BlockDevice,
        },
        Flags = TarManifestFlags.Racy,
        Mode = entry.Mode,
        UserId = IdOf(entry.UserId),
        GroupId = IdOf(entry.GroupId),
        UserName = entry.UserName,
        GroupName = entry.GroupName,
        Modified = entry.Modified,
        Attributes = entry.Attributes,
        LinkTarget = entry.LinkTarget,
        DeviceMajor = entry.DeviceMajor,
        DeviceMinor = entry.DeviceMinor,
    };

    private uint IdOf(long id) => id is >= 0 and <= uint.MaxValue ? (uint)id : throw Damaged($"an owner has the id {id}");

    private EntryPath Parse(byte[] name) => MemberPath.TryParse(name, out EntryPath path, out bool wasAbsolute, out string refusal) && !wasAbsolute ? path
        : throw Damaged($"'{EntryPath.ToText(name)}' is not the name of a member: {(wasAbsolute ? "It is absolute." : refusal)}");
}
