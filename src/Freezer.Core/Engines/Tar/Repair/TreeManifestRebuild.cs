using System.IO.Pipelines;
using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Restore;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Repair;

/// <summary>Makes the manifest of a level of its archive and of the parent's manifest: a merge, directory by directory.</summary>
/// <remarks>
/// <para>A directory that the archive holds has its whole listing there: what is stored (<c>Y</c>) has its record from its member, and what an earlier level holds
/// (<c>N</c>) has it from the parent. A directory that the archive does not hold is as it was in the parent, if it is still listed.</para>
/// <para>Names of one inode: which of the members have further ones is found out by reading the archive once before. Where the first name of an inode that is kept is
/// gone, the next one takes its place.</para>
/// </remarks>
internal sealed class TreeManifestRebuild
{
    private readonly RepairContext _context;
    private readonly ArchivedTree _archive;
    private readonly LevelManifest? _parent;
    private readonly Dictionary<EntryPath, uint> _links;
    private readonly TarManifestWriter _manifest;
    private readonly OpenDirectories _open = new();

    /// <summary>The records of the names that hard links of this level lead to, once they are written.</summary>
    private readonly Dictionary<EntryPath, TarManifestRecord> _linked = [];

    /// <summary>The inodes with several names that are kept: the first name in the parent, and the one now.</summary>
    private readonly Dictionary<EntryPath, EntryPath> _firstNames = [];
    private bool _hasBlock;

    private TreeManifestRebuild(RepairContext context, ArchivedTree archive, LevelManifest? parent, Dictionary<EntryPath, uint> links)
    {
        _context = context;
        _archive = archive;
        _parent = parent;
        _links = links;
        _manifest = new TarManifestWriter(context.Manifest);
    }

    /// <summary>Writes the manifest.</summary>
    /// <exception cref="BackupDamagedException">The archive or the parent's manifest is damaged, or they do not fit together.</exception>
    internal static async Task RunAsync(RepairContext context, CancellationToken cancellationToken)
    {
        Dictionary<EntryPath, uint> links = [];
        await ReadArchiveAsync(
            context, async (archive, token) => links = await ArchivedTree.CountLinksAsync(archive, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        if (context.Parent is { } parent)
        {
            await context.ReadManifestAsync(
                parent, (manifest, token) => MergeAsync(context, new LevelManifest(manifest, parent), links, token), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await MergeAsync(context, null, links, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Task MergeAsync(RepairContext context, LevelManifest? parent, Dictionary<EntryPath, uint> links, CancellationToken cancellationToken) =>
        ReadArchiveAsync(
            context,
            async (archive, token) =>
            {
                using var tree = new ArchivedTree(archive, context);
                await new TreeManifestRebuild(context, tree, parent, links).MergeAsync(token).ConfigureAwait(false);
            },
            cancellationToken);

    private static Task ReadArchiveAsync(RepairContext context, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        context.ReadArchiveAsync(
            context.Target,
            async (archive, token) =>
            {
                try
                {
                    await consume(archive, token).ConfigureAwait(false);
                }
                catch (TarFormatException e)
                {
                    throw new BackupDamagedException($"The archive of {context.Target} is damaged: {e.Message}.", e);
                }
            },
            cancellationToken);

    private async Task MergeAsync(CancellationToken cancellationToken)
    {
        _manifest.WriteHeader();
        if (_parent is not null)
        {
            await _parent.OpenAsync(cancellationToken).ConfigureAwait(false);
            await MoveParentAsync(cancellationToken).ConfigureAwait(false);
        }

        while (await _archive.ReadAsync(cancellationToken).ConfigureAwait(false) is { } directory)
        {
            await KeepUpToAsync(directory.Path, cancellationToken).ConfigureAwait(false);
            bool isInParent = _hasBlock && _parent!.Block.Path == directory.Path;
            await WriteAsync(directory, isInParent ? _parent!.Block : null, cancellationToken).ConfigureAwait(false);
            if (isInParent)
            {
                await MoveParentAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await KeepUpToAsync(null, cancellationToken).ConfigureAwait(false);
        _open.End();
        await _manifest.FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask MoveParentAsync(CancellationToken cancellationToken) =>
        _hasBlock = await _parent!.ReadBlockAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Keeps the parent's directories before a path, those that are still there; <see langword="null"/> for all that are left.</summary>
    private async ValueTask KeepUpToAsync(EntryPath? path, CancellationToken cancellationToken)
    {
        while (_hasBlock && (path is not { } next || _parent!.Block.Path < next))
        {
            if (_open.Contains(_parent!.Block.Path))
            {
                Keep(_parent.Block);
                await _manifest.EndDirectoryAsync(cancellationToken).ConfigureAwait(false);
            }

            await MoveParentAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a directory as the parent has it.</summary>
    private void Keep(TarManifestBlock block)
    {
        var path = new EntryPath(block.Path.Bytes.ToArray());
        HashSet<EntryPath> subdirectories = [];
        if (block.Own() is { IsSkipped: true } skipped)
        {
            _manifest.BeginDirectory(path, skipped);
        }
        else
        {
            _manifest.BeginDirectory(path, block.OwnBytes);
        }

        for (int i = 0; i < block.Count; i++)
        {
            TarManifestRecord record = block.Record(i);
            if (record.Kind == FileKind.Directory && record.IsStored)
            {
                subdirectories.Add(new EntryPath(block.Name(i).ToArray()));
            }

            Keep(path, block, i, record);
        }

        _open.Enter(path, subdirectories);
    }

    /// <summary>Writes a directory as its listing says.</summary>
    private ValueTask WriteAsync(ArchivedDirectory directory, TarManifestBlock? parent, CancellationToken cancellationToken)
    {
        if (!_open.Contains(directory.Path))
        {
            throw _archive.Damaged($"no listing has the directory '{directory.Path}'");
        }

        _manifest.BeginDirectory(directory.Path, directory.Own);
        HashSet<EntryPath> subdirectories = [];
        ReadOnlySpan<byte> rest = directory.Listing;
        while (DumpDirectory.TryRead(ref rest, out byte code, out ReadOnlySpan<byte> name))
        {
            switch (code)
            {
                case DumpDirectory.Directory:
                    subdirectories.Add(new EntryPath(name.ToArray()));
                    _manifest.Add(name, new TarManifestRecord { Kind = FileKind.Directory });
                    break;
                case DumpDirectory.Stored:
                    Store(directory, name);
                    break;
                default:
                    int index = parent?.Find(name) ?? -1;
                    TarManifestRecord record = index < 0 ? default : parent!.Record(index);
                    if (index < 0 || record.Kind == FileKind.Directory || !record.IsStored)
                    {
                        throw _archive.Damaged($"the listing of '{directory.Path}' has '{EntryPath.ToText(name)}' as something that an earlier level holds, which it does not");
                    }

                    Keep(directory.Path, parent!, index, record);
                    break;
            }
        }

        _open.Enter(directory.Path, subdirectories);
        _context.ReportProgress(0, directory.Members.Count + 1, directory.Path);
        return _manifest.EndDirectoryAsync(cancellationToken);
    }

    private void Store(ArchivedDirectory directory, ReadOnlySpan<byte> name)
    {
        if (!directory.Members.TryGetValue(new EntryPath(name.ToArray()), out ArchivedMember member))
        {
            throw _archive.Damaged($"it lacks '{EntryPath.ToText(name)}', which the listing of '{directory.Path}' has as something that it holds");
        }

        TarManifestRecord record = member.Record;
        if (member.LinkTarget is { } target)
        {
            record = _linked.TryGetValue(target, out TarManifestRecord first) ? LaterName(first, first.IsLaterName ? first.FirstName : target)
                : throw _archive.Damaged($"'{directory.Path.Append(name)}' is a hard link to '{target}', which does not come before it");
        }

        _manifest.Add(name, AddLinks(directory.Path, name, record));
    }

    /// <summary>Writes an entry with the record that the parent has of it.</summary>
    private void Keep(EntryPath directory, TarManifestBlock parent, int index, TarManifestRecord record)
    {
        ReadOnlySpan<byte> name = parent.Name(index).Span;
        bool mayBeLinked = record.IsStored && record.Kind != FileKind.Directory && (_links.Count > 0 || record.IsMultiplyLinked || record.IsLaterName);
        if (mayBeLinked && (record.IsMultiplyLinked || record.IsLaterName || _links.ContainsKey(directory.Append(name))))
        {
            _manifest.Add(name, AddLinks(directory, name, KeepFirstName(directory.Append(name), record)));
        }
        else
        {
            _manifest.AddUnchanged(name, parent.RecordBytes(index), record.Kind == FileKind.Regular && record.IsStored ? record.Size : 0, record.IsSkipped);
        }
    }

    /// <summary>The first of the kept names of an inode is the one that the others refer to.</summary>
    private TarManifestRecord KeepFirstName(EntryPath path, TarManifestRecord record)
    {
        EntryPath before = record.IsLaterName ? record.FirstName : path;
        if (_firstNames.TryGetValue(before, out EntryPath first))
        {
            return LaterName(record, first);
        }

        _firstNames.Add(new EntryPath(before.Bytes.ToArray()), path);
        record.Flags &= ~TarManifestFlags.LaterName;
        return record;
    }

    private static TarManifestRecord LaterName(TarManifestRecord record, EntryPath first) =>
        record with { Flags = record.Flags | TarManifestFlags.MultiplyLinked | TarManifestFlags.LaterName, FirstName = first };

    /// <summary>Notes in a record that hard links of this level lead to the entry, and keeps it for them.</summary>
    private TarManifestRecord AddLinks(EntryPath directory, ReadOnlySpan<byte> name, TarManifestRecord record)
    {
        if (_links.Count == 0 || directory.Append(name) is var path && !_links.TryGetValue(path, out uint links))
        {
            return record;
        }

        record.LinkCount = Math.Max(record.LinkCount, links + 1);
        record.Flags |= TarManifestFlags.MultiplyLinked;
        _linked[path] = record.ToOwned();
        return record;
    }
}
