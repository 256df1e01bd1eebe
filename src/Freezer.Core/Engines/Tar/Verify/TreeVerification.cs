using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Restore;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Verify;

/// <summary>Verifies a tree as a restore would read it: every file of the manifest, from the archive that has it, against its digest.</summary>
/// <remarks>What the verified parent has in the same place and with the same digest is not read again, so that of a chain whose levels are verified one
/// after another each archive is read once.</remarks>
internal sealed class TreeVerification : IAsyncDisposable
{
    private readonly VerifyContext _context;
    private readonly ArchiveSet _archives;
    private readonly ParentTree? _parent;

    /// <summary>What is lost already: the other names of a lost inode are lost with it.</summary>
    private readonly HashSet<ContentLocation> _lost = [];

    private TreeVerification(VerifyContext context, ParentTree? parent)
    {
        _context = context;
        _archives = new ArchiveSet(context, new TarReaderOptions());
        _parent = parent;
    }

    /// <summary>Whether a chain can be verified so: every level has a manifest and an identity.</summary>
    internal static bool IsPossible(VerifyContext context) =>
        context.Chain.All(level => level.Id != Guid.Empty && context.HasManifest(level));

    /// <summary>Verifies a backup.</summary>
    /// <exception cref="BackupDamagedException">The manifest is damaged: nothing tells what the backup holds.</exception>
    internal static Task RunAsync(VerifyContext context, CancellationToken cancellationToken)
    {
        return context.VerifiedParent is not { } parent
            ? VerifyAsync(null, cancellationToken)
            : context.ReadManifestAsync(parent, (manifest, token) => VerifyAsync(new ParentTree(manifest, parent), token), cancellationToken);

        async Task VerifyAsync(ParentTree? parentTree, CancellationToken token)
        {
            var verification = new TreeVerification(context, parentTree);
            await using (verification.ConfigureAwait(false))
            {
                await context.ReadManifestAsync(context.Target, verification.ReadAsync, token).ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync() => _archives.DisposeAsync();

    private async Task ReadAsync(PipeReader manifest, CancellationToken cancellationToken)
    {
        var level = new LevelManifest(manifest, _context.Target);
        await level.OpenAsync(cancellationToken).ConfigureAwait(false);
        while (await level.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_parent is not null)
            {
                await _parent.SeekAsync(level.Block.Path, cancellationToken).ConfigureAwait(false);
            }

            await VerifyBlockAsync(level.Block, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask VerifyBlockAsync(TarManifestBlock block, CancellationToken cancellationToken)
    {
        for (int i = 0; i < block.Count; i++)
        {
            TarManifestRecord record = block.Record(i);
            if (record.Kind != FileKind.Regular || !record.IsStored)
            {
                continue;
            }

            ReadOnlyMemory<byte> name = block.Name(i);
            if (_parent?.Has(name.Span, record) != true)
            {
                await VerifyFileAsync(block.Path.Append(name.Span), record, cancellationToken).ConfigureAwait(false);
            }
        }

        _context.ReportProgress(0, block.Count, block.Path);
    }

    private async ValueTask VerifyFileAsync(EntryPath path, TarManifestRecord record, CancellationToken cancellationToken)
    {
        string? reason = "Its content is that of another name, which is lost.";
        Backup origin = _archives.Level(path, record.Content.BackupId);
        if (!_lost.Contains(record.Content))
        {
            reason = record.IsLaterName ? null : await FindDamageAsync(path, record, cancellationToken).ConfigureAwait(false);
        }

        if (reason is not null)
        {
            _lost.Add(record.Content);
            await _context.ReportLostAsync(path, origin, record.Content.Offset, reason, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says what is wrong with a file's content, or <see langword="null"/>. The next file is read whatever happens here.</summary>
    private async ValueTask<string?> FindDamageAsync(EntryPath path, TarManifestRecord record, CancellationToken cancellationToken)
    {
        try
        {
            Sha256Digest digest = record.StoredSize == 0
                ? Sha256Digest.Of([])
                : await HashAsync(await _archives.SeekAsync(path, record.Content, record.StoredSize, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            return digest.Equals(record.Digest) ? null : "Its content has another SHA-256 than its record in the manifest.";
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Whoever delivers the archive knows more of its failure than the pipe that it came through.
            Exception cause = await _archives.CloseAsync().ConfigureAwait(false) ?? failure;
            if (cause is not (BackupDamagedException or TarFormatException))
            {
                ExceptionDispatchInfo.Throw(cause);
            }

            return cause.Message;
        }
    }

    private async ValueTask<Sha256Digest> HashAsync(TarReader content, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (content.ContentRemaining > 0)
        {
            var part = await content.ReadContentAsync(cancellationToken).ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> segment in part)
            {
                hash.AppendData(segment.Span);
            }

            _context.ReportProgress(part.Length, 0);
            content.AdvanceContent(part.End);
        }

        Sha256Digest digest = default;
        hash.GetHashAndReset(digest);
        return digest;
    }
}
