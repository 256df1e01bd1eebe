using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>A commit that was found: where it is, and its document, or why that cannot be used.</summary>
internal sealed class CommittedBackup
{
    private readonly BackupDocument? _document;

    private CommittedBackup(BackupLocation location, BackupDocument? document, Exception? problem)
    {
        Location = location;
        _document = document;
        Problem = problem;
    }

    /// <summary>A commit that was just written.</summary>
    internal CommittedBackup(BackupLocation location, BackupDocument document)
        : this(location, document, null)
    {
    }

    internal BackupLocation Location { get; }

    /// <summary>Why the document cannot be used; it says so after "the document …".</summary>
    internal Exception? Problem { get; }

    internal BackupDocument Document => _document ?? throw AsError();

    internal bool IsForeign => _document is { IsForeign: true };

    /// <summary>Reads and checks a commit's document. What is wrong with it is kept, not thrown.</summary>
    internal static async Task<CommittedBackup> ReadAsync(IStorage storage, BackupLocation location, CancellationToken cancellationToken)
    {
        CommittedBackup? damaged = null;
        try
        {
            return await storage.ReadSoundAsync(async copy =>
            {
                CommittedBackup commit = Parse(location, await copy.ReadBytesAsync(location.Metadata, ReadOptions.Whole, LongestDocument, cancellationToken).ConfigureAwait(false));
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
            return damaged ?? new CommittedBackup(location, null, exception);
        }
    }

    /// <summary>Checks a commit's document that was read. What is wrong with it is kept, not thrown.</summary>
    internal static CommittedBackup Parse(BackupLocation location, byte[] bytes)
    {
        try
        {
            BackupDocument document = BackupDocument.Parse(bytes);
            return Contradiction(location, document) is { } contradiction
                ? new CommittedBackup(location, null, new InvalidDataException(contradiction))
                : new CommittedBackup(location, document, null);
        }
        catch (Exception exception) when (exception is InvalidDataException or BackupUnsupportedException)
        {
            return new CommittedBackup(location, null, exception);
        }
    }

    internal Exception AsError()
    {
        string message = $"The metadata document {Location.Metadata} cannot be used: {Problem?.Message}.";
        return Problem is BackupUnsupportedException
            ? new BackupUnsupportedException(message, Problem)
            : new BackupDamagedException(message, Problem);
    }

    internal Backup ToBackup()
    {
        Backup backup = Location.ToBackup();
        return _document is null ? backup with { Problem = Problem!.Message } : backup with
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
        };
    }

    internal LevelIndexLocation IndexLocation => new(
        Location.Index, Document.Index.Length, Document.Index.DirectoryLength, DigestOf(Document.Index.DirectoryDigest));

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
    private static string? Contradiction(BackupLocation location, BackupDocument document)
    {
        if (document.IsForeign)
        {
            return document.EngineName.Length == 0 ? "it names no engine" : null;
        }

        var described = new BackupLocation(document.EngineName, document.BackupName, document.ChainTimestamp, document.Level, document.Timestamp);
        return described != location ? $"it describes the backup {described.Folder}, not the one that it lies with"
            : document.Level > 0 && (document.ParentId is null || document.ParentTimestamp is null) ? "it names no parent, although it is not level 0"
            : null;
    }

    private static Sha256Digest DigestOf(string text)
    {
        byte[] bytes = text.Length == 2 * Sha256Digest.Size ? Convert.FromHexString(text) : throw new InvalidDataException($"'{text}' is not a SHA-256.");
        return Sha256Digest.From(bytes);
    }
}
