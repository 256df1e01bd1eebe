using System.Buffers;
using Freezer.Dataflow;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>A commit that was found: where it is, and its document, or why that cannot be used.</summary>
internal sealed class CommittedBackup
{
    private readonly BackupDocument? _document;
    private readonly BackupDocument? _unopened;

    /// <summary>A commit whose document can be used.</summary>
    internal CommittedBackup(BackupLocation location, BackupDocument document, DataKey? dataKey)
    {
        Location = location;
        _document = document;
        DataKey = dataKey;
        DataKeyId = document.DataKey;
    }

    private CommittedBackup(BackupLocation location, Exception problem, BackupDocument? unopened = null)
    {
        Location = location;
        Problem = problem;
        _unopened = unopened;
    }

    /// <summary>A commit that the storage has, and cannot deliver.</summary>
    internal static CommittedBackup Unreadable(BackupLocation location, StorageException failure) => new(location with { Repair = 0 }, failure);

    /// <summary>Where its objects are; with the repair whose document was read, where there was one.</summary>
    internal BackupLocation Location { get; }

    /// <summary>Why the document of a repair is not used that is newer than what is; <see langword="null"/> where there is none.</summary>
    internal BackupDamagedException? RefusedRepair { get; private set; }

    /// <summary>What the backup is encrypted with, where it is and can be read.</summary>
    internal DataKey? DataKey { get; }

    /// <summary>The data key that the document names, also where that is gone.</summary>
    internal Guid? DataKeyId { get; private init; }

    /// <summary>Why the document cannot be used; it says so after "the document …".</summary>
    internal Exception? Problem { get; }

    internal BackupDocument Document => _document ?? throw AsError();

    /// <summary>What stands there for everybody. Of an encrypted document nothing vouches for it where the key was not given.</summary>
    internal BackupDocument Outline => _document ?? _unopened ?? throw AsError();

    internal bool IsForeign => _document is { IsForeign: true };

    /// <summary>Reads and checks a commit's document, and where it was repaired, that of the newest repair that can be used. What is wrong is kept, not thrown.</summary>
    internal static async Task<CommittedBackup> ReadAsync(IStorage storage, BackupLocation location, KeyRing? keys, CancellationToken cancellationToken)
    {
        CommittedBackup commit = await ReadDocumentAsync(storage, location with { Repair = 0 }, keys, cancellationToken).ConfigureAwait(false);
        return location.Repair == 0 || !commit.IsReadable ? commit : await commit.FindRepairedAsync(storage, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether at least that can be used of the document which stands there for everybody.</summary>
    private bool IsReadable => Problem is null or BackupKeyException;

    /// <summary>The newest repair that belongs to this commit; the commit itself where there is none.</summary>
    private async Task<CommittedBackup> FindRepairedAsync(IStorage storage, KeyRing? keys, CancellationToken cancellationToken)
    {
        List<BackupLocation> repairs = [];
        await foreach (StorageEntry entry in storage.ListAsync(Location.MetadataFolder, cancellationToken).ConfigureAwait(false))
        {
            if (BackupLocation.TryParse(entry.Key, out BackupLocation? repair, out string? role) && role == BackupLocation.RepairRole)
            {
                repairs.Add(repair);
            }
        }

        repairs.Sort(static (a, b) => b.Repair.CompareTo(a.Repair));
        BackupDamagedException? refused = null;
        foreach (BackupLocation repair in repairs)
        {
            CommittedBackup repaired = await ReadDocumentAsync(storage, repair, keys, cancellationToken).ConfigureAwait(false);
            if (repaired.IsReadable && IsSameBackup(repaired.Outline))
            {
                repaired.RefusedRepair = refused;
                return repaired;
            }

            refused ??= new BackupDamagedException(
                $"The document of the repair {repair.RepairDocument} is not used: {repaired.Problem?.Message ?? "it is not of the backup that it lies with"}.", repaired.Problem) { Object = repair.RepairDocument };
        }

        RefusedRepair = refused;
        return this;
    }

    /// <summary>Whether a document is of the same backup and archive, however its manifest and index are stored.</summary>
    private bool IsSameBackup(BackupDocument other) =>
        other.Id == Outline.Id && other.ParentId == Outline.ParentId && other.DataKey == Outline.DataKey && other.Archive == Outline.Archive;

    private static async Task<CommittedBackup> ReadDocumentAsync(IStorage storage, BackupLocation location, KeyRing? keys, CancellationToken cancellationToken)
    {
        CommittedBackup? damaged = null;
        try
        {
            return await storage.ReadSoundAsync(async copy =>
            {
                byte[] bytes = await copy.ReadBytesAsync(location.Document, ReadOptions.Whole, LongestDocument, cancellationToken).ConfigureAwait(false);
                CommittedBackup commit = await ParseAsync(location, bytes, keys, cancellationToken).ConfigureAwait(false);
                if (commit.Problem is InvalidDataException problem)
                {
                    damaged ??= commit;
                    throw new InvalidDataException(problem.Message, problem);
                }

                return commit;
            }).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            return damaged ?? new CommittedBackup(location, exception);
        }
    }

    /// <summary>Checks a commit's document that was read. What is wrong with it is kept, not thrown.</summary>
    internal static async Task<CommittedBackup> ParseAsync(BackupLocation location, byte[] bytes, KeyRing? keys, CancellationToken cancellationToken)
    {
        Guid? dataKeyId = null;
        try
        {
            BackupDocument document = BackupDocument.Parse(bytes);
            dataKeyId = document.DataKey;
            Check(location, document);
            if (document.DataKey is not { } id)
            {
                return new CommittedBackup(location, document, null);
            }

            if (keys is null)
            {
                return new CommittedBackup(location, new BackupKeyException("it is encrypted, and no key was given"), document) { DataKeyId = dataKeyId };
            }

            DataKey dataKey = await keys.FindDataKeyAsync(id, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidDataException($"it names the data key {id:N}, which this repository does not have");
            document = SealedDocument.Open(bytes, dataKey);
            Check(location, document);
            return new CommittedBackup(location, document, dataKey);
        }
        catch (Exception exception) when (exception is InvalidDataException or BackupUnsupportedException)
        {
            return new CommittedBackup(location, exception) { DataKeyId = dataKeyId };
        }
    }

    internal Exception AsError()
    {
        string message = $"The metadata document {Location.Document} cannot be used: {Problem?.Message}.";
        return Problem switch
        {
            BackupUnsupportedException => new BackupUnsupportedException(message, Problem),
            BackupKeyException => new BackupKeyException(message, Problem),
            _ => new BackupDamagedException(message, Problem) { Object = Location.Document },
        };
    }

    /// <summary>Opens one of the level's objects.</summary>
    internal StoredObject OpenObject(IStorage storage, StorageKey key, long length, SealedRole role) =>
        OpenObject(storage, key, length, role, part: role == SealedRole.Archive ? 0 : Location.Repair);

    /// <summary>Opens the manifest object that a repair wrote (0 for the one of the commit), also where another one has taken its place.</summary>
    internal StoredObject OpenManifest(IStorage storage, int repair, long length) =>
        OpenObject(storage, (Location with { Repair = repair }).Manifest, length, SealedRole.Manifest, repair);

    private StoredObject OpenObject(IStorage storage, StorageKey key, long length, SealedRole role, int part)
    {
        Guid id = Document.Id;
        return new StoredObject(storage, key, length, DataKey is not { } dataKey ? null : header => dataKey.Open(id, role, part, header));
    }

    internal Backup ToBackup()
    {
        Backup backup = Location.ToBackup();
        if (_document is null)
        {
            // What an encrypted document shows to everybody is told, although nothing vouches for it without the key.
            return backup with
            {
                Id = _unopened?.Id ?? Guid.Empty,
                ParentId = _unopened?.ParentId,
                Compression = _unopened?.Compression ?? "",
                IsEncrypted = _unopened is not null,
                Problem = Problem!.Message,
            };
        }

        return backup with
        {
            Id = _document.Id,
            ParentId = _document.ParentId,
            Compression = _document.Compression,
            Outcome = _document.Outcome == SkipsOutcome ? BackupOutcome.CompleteWithSkips : BackupOutcome.Complete,
            Entries = _document.Entries,
            Skipped = _document.Skipped,
            BytesRead = _document.BytesRead,
            BytesStored = _document.Archive.Length + _document.Manifest.Length + _document.Index.Length,
            SourceHost = _document.Source.Host,
            SourcePath = _document.Source.Path,
            EngineFacts = _document.Facts,
            Facts = _document.ApplicationFacts ?? [],
            IsForeign = _document.IsForeign,
            IsEncrypted = _document.IsSealed,
        };
    }

    internal LevelIndexDirectory IndexDirectory => new(Document.Index.DirectoryLength, DigestOf(Document.Index.DirectoryDigest));

    internal static string NameOf(BackupOutcome outcome) => outcome switch
    {
        BackupOutcome.Complete => "complete",
        BackupOutcome.CompleteWithDegradedMirror => "complete-with-degraded-mirror",
        _ => SkipsOutcome,
    };

    /// <summary>The longest document that is read.</summary>
    internal const int LongestDocument = 1 << 20;

    private const string SkipsOutcome = "complete-with-skips";

    /// <summary>A document that was copied to another place than its own describes another backup.</summary>
    /// <exception cref="InvalidDataException">It does.</exception>
    private static void Check(BackupLocation location, BackupDocument document)
    {
        if (Contradiction(location, document) is { } contradiction)
        {
            throw new InvalidDataException(contradiction);
        }
    }

    private static string? Contradiction(BackupLocation location, BackupDocument document)
    {
        if (document.IsForeign)
        {
            return document.EngineName.Length == 0 ? "it names no engine" : location.Repair > 0 ? "another program wrote it" : null;
        }

        var described = new BackupLocation(document.EngineName, document.BackupName, document.ChainTimestamp, document.Level, document.Timestamp);
        return described != location ? $"it describes the backup {described.Folder}, not the one that it lies with"
            : document.Repair != location.Repair ? $"it is {(document.Repair == 0 ? "that of the backup itself" : $"that of repair {document.Repair}")}"
            : document.Level > 0 && (document.ParentId is null || document.ParentTimestamp is null) ? "it names no parent, although it is not level 0"
            : null;
    }

    private static Sha256Digest DigestOf(string text)
    {
        Span<byte> bytes = stackalloc byte[Sha256Digest.Size];
        return text.Length == 2 * Sha256Digest.Size && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done
            ? Sha256Digest.From(bytes)
            : throw new InvalidDataException($"'{text}' is not a SHA-256.");
    }
}
