using System.IO.Pipelines;
using Freezer;
using Freezer.Storage;

namespace CustomEngine;

/// <summary>Backs SQLite databases up while they are in use, as SQL: a level is a script that makes of the level before the one that it holds.</summary>
/// <remarks>
/// A table is the unit of difference: one that has changed is in the script from its DROP to its last row. All of a backup is read in one transaction, so
/// it is a picture of one moment. Virtual tables are skips. Without this library, <c>zstd -d &lt; data | sqlite3 restored.db</c> applies a level.
/// </remarks>
public sealed class SqliteEngine(IStorage storage, BackupEngineOptions? options = null) : BackupEngine(storage, options)
{
    public override string Name => "sqlite";

    #region Write a level
    protected override async Task WriteArchiveAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        Dictionary<string, string> parent = await SqliteManifest.ReadAsync(context.ParentManifest, cancellationToken);
        using SqlDump dump = SqlDump.Open(context.Resource);
        foreach (string name in dump.VirtualTables())
        {
            context.ReportSkip(new SkippedEntry(EntryPath.Parse(Uri.EscapeDataString(name)), SkipKind.Unreadable, "a virtual table has no rows of its own"));
        }

        foreach (SqlItem item in dump.Items())
        {
            bool isNew = !parent.Remove(item.Identity, out string? before);

            // What the parent does not have is written as it is read. Anything else is read for its print first, and again where that differs.
            string print = await new SqlScriptWriter(isNew ? archive : null).WriteAsync(dump.Statements(item), context, cancellationToken);
            if (!isNew && print != before)
            {
                await new SqlScriptWriter(archive).WriteAsync(dump.Statements(item), null, cancellationToken);
            }

            SqliteManifest.Write(context.Manifest, item.Identity, print);
            await context.Manifest.FlushAsync(cancellationToken);
        }

        // What is left was in the parent and is not there any more.
        await new SqlScriptWriter(archive).WriteAsync(parent.Keys.Select(SqlItem.DropOf).Concat(dump.Settings()), null, cancellationToken);
    }
    #endregion

    protected override string IdentifySource(string resource) => Path.GetFullPath(resource);

    #region Restore
    protected override async Task PrepareDestinationAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        var file = new FileInfo(context.Destination);
        if (file is { Exists: true, Length: > 0 } && !context.Options.Overwrite)
        {
            throw new BackupException($"{context.Destination} is not empty. Restore to another place, or set {nameof(RestoreOptions.Overwrite)}.");
        }

        // The engine keeps nothing of a restore: it lives in the context, which disposes it also when the restore fails.
        context.State = await SqlReplay.OpenAsync(context.Destination, cancellationToken);
    }

    protected override Task RestoreLevelAsync(RestoreContext context, PipeReader archive, CancellationToken cancellationToken) =>
        ((SqlReplay)context.State!).ApplyAsync(archive, context, cancellationToken);

    protected override Task FinishRestoreAsync(RestoreContext context, CancellationToken cancellationToken) =>
        ((SqlReplay)context.State!).CommitAsync(cancellationToken);
    #endregion
}
