using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>Has an engine verify the content of one backup, and finds for each loss the defect that it is due to.</summary>
internal sealed class ContentVerification : IRestoreSource, IDisposable
{
    private readonly Verification _verification;
    private readonly VerifiedChain _chain;
    private readonly ChainReader _reader;
    private readonly Dictionary<Backup, VerifiedLevel> _levels = [];
    private readonly Lock _lock = new();

    internal ContentVerification(
        Verification verification, IStorage storage, VerifiedChain chain, bool isParentSound, CodecSet codecs, int parallelism, int queueSize, OperationReport report)
    {
        _verification = verification;
        _chain = chain;
        // What is read here was counted when it was hashed.
        _reader = new ChainReader(storage, [.. chain.Levels.Select(static level => level.Commit)], codecs, parallelism, queueSize) { CountsFailuresAsDamage = true };
        Report = report;
        VerifiedParent = isParentSound ? _reader.Chain[^2] : null;
        for (int i = 0; i < chain.Levels.Count; i++)
        {
            _levels.Add(_reader.Chain[i], chain.Levels[i]);
        }
    }

    public IReadOnlyList<Backup> Chain => _reader.Chain;

    internal OperationReport Report { get; }

    internal Backup? VerifiedParent { get; }

    internal async Task RunAsync(Func<VerifyContext, CancellationToken, Task> verifyContent, CancellationToken cancellationToken)
    {
        try
        {
            await verifyContent(new VerifyContext(this), cancellationToken).ConfigureAwait(false);
        }
        catch (BackupException exception) when (exception is BackupDamagedException or BackupUnsupportedException)
        {
            // Nothing tells what the backup holds.
            FoundDefect defect = Verification.DefectsOf(_chain).FirstOrDefault(defect => defect.Key != _levels[Chain[^1]].Archive.Key)
                ?? _verification.Add(DefectKind.Content, _chain.Levels[^1].Manifest.Key, null, exception.Message);
            defect.AddLost(_chain.Location, new LostEntry(_chain.Backup, EntryPath.Root, exception.Message));
        }
    }

    public bool HasManifest(Backup level) => _reader.HasManifest(level);

    public Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        _reader.ReadManifestAsync(level, consume, cancellationToken);

    public Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        _reader.ReadArchiveAsync(level, consume, cancellationToken);

    public async Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken)
    {
        // Each of a thousand small files in a damaged stretch would otherwise be read up to there again.
        if (_levels[level].Archive.Defects.Count > 0 && await _reader.LocateFrameAsync(level, offset, cancellationToken).ConfigureAwait(false) is { } frame
            && FindDefect(level, frame.Begin) is { } defect && defect.Begin < frame.End)
        {
            throw new BackupDamagedException($"{level} is damaged: {defect.Reason}");
        }

        await _reader.ReadArchiveAsync(level, offset, consume, cancellationToken).ConfigureAwait(false);
    }

    internal async ValueTask AddLostAsync(EntryPath path, Backup origin, long offset, string reason, CancellationToken cancellationToken)
    {
        VerifiedLevel level = _levels[origin];
        FoundDefect? cause = level.Index.Defects.Count > 0 ? level.Index.Defects[0] : null;
        if (cause is null && level.Archive.Defects.Count > 0)
        {
            cause = FindDefect(origin, await _reader.LocateFrameAsync(origin, offset, cancellationToken).ConfigureAwait(false) is { } frame ? frame.Begin : 0);
        }

        lock (_lock)
        {
            cause ??= _verification.Add(DefectKind.Content, level.Archive.Key, offset, reason);
            cause.AddLost(_chain.Location, new LostEntry(_chain.Backup, new EntryPath(path.Bytes.ToArray()), reason));
        }
    }

    public void Dispose() => _reader.Dispose();

    /// <summary>The first damage that a reader of the archive meets.</summary>
    private FoundDefect? FindDefect(Backup level, long storedOffset) => _levels[level].Archive.Defects.Find(defect => defect.End > storedOffset);
}
