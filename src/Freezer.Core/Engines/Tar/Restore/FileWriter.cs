using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Creates regular files, always new ones under their final name, and removes what is not complete. Safe from any thread.</summary>
internal sealed class FileWriter(Destination destination)
{
    private readonly MetadataWriter _metadata = destination.Metadata;
    private readonly RestoreReport _report = destination.Report;

    /// <summary>Writes a file whose content is at hand.</summary>
    /// <param name="directory">The directory, after <see cref="DirectoryChain.BeginChange"/>.</param>
    /// <param name="request">What is written.</param>
    /// <param name="content">All of the content.</param>
    /// <param name="replaces">Whether something that is no directory has the name now.</param>
    /// <exception cref="BackupDamagedException">The content is not what was stored; nothing was written.</exception>
    /// <exception cref="BackupException">The restore cannot go on.</exception>
    internal void Write(DirectoryFrame directory, in FileRequest request, ReadOnlySpan<byte> content, bool replaces)
    {
        if (request.Digest is { } digest && !Sha256Digest.Of(content).Equals(digest))
        {
            destination.Owned.Remove(request.Path);
            _report.SkipDamaged(request.Path, Damaged(request));
            return;
        }

        try
        {
            using TargetFile file = Create(directory, request.Path.Name.Span, replaces);
            bool isComplete = false;
            try
            {
                new ExtentWriter(request.Extents).Write(file, content);
                Finish(file, directory, request);
                isComplete = true;
            }
            finally
            {
                if (!isComplete)
                {
                    Discard(directory, request.Path);
                }
            }
        }
        catch (FileSystemException e)
        {
            destination.Owned.Remove(request.Path);
            _report.SkipUnwritable(request.Path, e);
            return;
        }

        _report.Progress(content.Length, request.Path);
    }

    /// <summary>Writes a file while its content arrives.</summary>
    /// <inheritdoc cref="Write"/>
    internal async ValueTask WriteAsync(DirectoryFrame directory, FileRequest request, TarReader content, bool replaces, CancellationToken cancellationToken)
    {
        try
        {
            using TargetFile file = Create(directory, request.Path.Name.Span, replaces);
            bool isComplete = false;
            try
            {
                await CopyAsync(file, request, content, cancellationToken).ConfigureAwait(false);
                Finish(file, directory, request);
                isComplete = true;
            }
            finally
            {
                if (!isComplete)
                {
                    Discard(directory, request.Path);
                }
            }
        }
        catch (FileSystemException e)
        {
            destination.Owned.Remove(request.Path);
            _report.SkipUnwritable(request.Path, e);
            return;
        }

        _report.Progress(0, request.Path);
    }

    private async ValueTask CopyAsync(TargetFile file, FileRequest request, TarReader content, CancellationToken cancellationToken)
    {
        using IncrementalHash? hash = request.Digest is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var writer = new ExtentWriter(request.Extents);
        while (content.ContentRemaining > 0)
        {
            var part = await content.ReadContentAsync(cancellationToken).ConfigureAwait(false);
            long length = part.Length;
            try
            {
                foreach (ReadOnlyMemory<byte> segment in part)
                {
                    writer.Write(file, segment.Span);
                    hash?.AppendData(segment.Span);
                }
            }
            finally
            {
                // Also where writing failed: the reader goes on behind what it gave.
                content.AdvanceContent(part.End);
            }

            _report.Count(length, request.Path);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (request.Digest is { } digest && !Sha256Digest.From(hash!.GetHashAndReset()).Equals(digest))
        {
            throw Damaged(request);
        }
    }

    private static TargetFile Create(DirectoryFrame directory, ReadOnlySpan<byte> name, bool replaces)
    {
        if (replaces)
        {
            directory.Handle.RemoveFile(name);
        }

        try
        {
            return directory.Handle.CreateFile(name);
        }
        catch (FileSystemException e) when (e.Error == FileError.Exists && IsReplaceable(directory, name))
        {
            // The archive names the file a second time, long after the first.
            directory.Handle.RemoveFile(name);
            return directory.Handle.CreateFile(name);
        }
    }

    private static bool IsReplaceable(DirectoryFrame directory, ReadOnlySpan<byte> name) =>
        directory.Handle.TryStat(name, out FileStatus status) && status.Kind != FileKind.Directory;

    private void Finish(TargetFile file, DirectoryFrame directory, in FileRequest request)
    {
        if (request.Extents is not null)
        {
            file.SetLength(request.Size);
        }

        _metadata.Apply(file, request.Path, request.Metadata, FileKind.Regular, directory.GivesAccessList);
        file.Close();
    }

    /// <summary>No half file stays under its final name.</summary>
    private void Discard(DirectoryFrame directory, EntryPath path)
    {
        try
        {
            directory.Handle.RemoveFile(path.Name.Span);
        }
        catch (FileSystemException e)
        {
            _report.Skip(path, SkipKind.Unwritable, $"It is incomplete, and could not be removed: {e.Message}.");
        }
    }

    private static BackupDamagedException Damaged(in FileRequest request) =>
        new($"The content of '{request.Path}' in the backup {request.Origin} is not what was stored: its SHA-256 differs. The file was not restored.");
}
