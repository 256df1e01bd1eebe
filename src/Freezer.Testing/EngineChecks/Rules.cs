namespace Freezer.Testing.EngineChecks;

/// <summary>The rules of the engine contract, in the words that a failed check shows to who has to keep them.</summary>
internal static class Rules
{
    internal const string RoundTrip = "What was backed up comes back as it was, whatever the compression, the frame size and the queue. Write everything to the archive, read the archive to its end, and depend on no border between reads.";
    internal const string Backpressure = "A flush may wait for long and a read may show a few bytes only. Await every FlushAsync, write what fits, and take what there is.";
    internal const string Untouched = "A backup only reads its resource.";
    internal const string Stateless = "An engine holds no state of an operation: everything that the next backup needs is in the manifest, everything that a restore needs is in the chain.";
    internal const string Levels = "A level above 0 holds what changed since its parent, removals included, and its manifest lists the whole resource as it stands at that level, not only what changed.";
    internal const string Differences = "An incremental stores what has changed. Compare with ParentManifest, and do not write what is the same.";
    internal const string NewChain = "A parent that cannot be built on (another source, a damaged manifest) makes a new chain, and the result says why.";
    internal const string Fault = "A failure of the storage ends the backup with that failure as the exception or among its causes, and nothing is listed that was not acknowledged. Let exceptions through; do not turn them into others without the cause inside.";
    internal const string NextBackup = "After a failure the next backup works and restores.";
    internal const string Missing = "A resource that is not there fails the backup. It is never taken for an empty one.";
    internal const string RestoreFault = "A restore that cannot read what it needs throws, with the cause inside. It never reports success for something else than what was backed up.";
    internal const string Damage = "What is stored is not trusted: a damaged, cut or missing object ends a restore with an error and never with other content.";
    internal const string Repair = "A manifest that is rebuilt of the archive and the parent's manifest is one that the next level can build on: what it does not know counts as changed, and nothing is forgotten. An engine that cannot do so throws a BackupUnsupportedException.";
    internal const string Before = "A chain is looked through before anything is written: where a part is missing the destination stays as it was.";
    internal const string Destination = "A destination that holds something is refused unless RestoreOptions.Overwrite is set. Look in PrepareDestinationAsync, which runs before the first level.";
    internal const string Overwrite = "With Overwrite, a restore over another state of the resource makes the state that is asked for, removals included.";
    internal const string Cancellation = "A cancelled operation ends soon with an OperationCanceledException, and a backup that was cancelled is not listed. Pass the token on, and wrap nothing.";
    internal const string Progress = "ReportProgress counts what was dealt with since the last call: bytes that were read or written, and entries. The counts are those of the result.";
    internal const string Metadata = "What the result of a backup says is what the catalog lists, for this process and for every other.";
    internal const string Name = "The name of an engine is constant, lower case and one word: it is part of where its backups are stored.";
    internal const string Storage = "The storage is its owner's. An engine never disposes it.";
    internal const string SideBySide = "Any number of operations go on side by side, also of one name and on one engine.";
}
