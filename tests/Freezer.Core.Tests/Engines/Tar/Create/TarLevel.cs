using System.Buffers;
using System.IO.Pipelines;
using Freezer.Engines.Tar;
using Freezer.Engines.Tar.Create;
using Freezer.Engines.Tar.Exclude;
using Freezer.Formats.Tar;
using Freezer.Platform;
using Freezer.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Freezer.Tests.Engines.Tar.Create;

/// <summary>One level of a backup, in memory.</summary>
internal sealed record TarLevel(Backup Backup, byte[] Archive, byte[] Manifest, IReadOnlyList<SkippedEntry> Skips, IReadOnlyList<Note> Notes)
{
    /// <summary>Takes a level on a parent, or level 0.</summary>
    internal static async Task<TarLevel> TakeAsync(
        string resource, TarLevel? parent = null, FileTree? tree = null, TarEngineOptions? options = null, TimeProvider? clock = null,
        BackupOptions? backupOptions = null, bool stopReading = false, CancellationToken cancellationToken = default)
    {
        options ??= new TarEngineOptions();
        var report = new OperationReport(null, TimeProvider.System);
        var manifest = new CollectingManifestWriter();
        var id = Guid.NewGuid();
        var context = new BackupContext(report)
        {
            Resource = resource,
            BackupName = "test",
            BackupId = id,
            Parent = parent?.Backup,
            Timestamp = DateTimeOffset.UnixEpoch,
            Options = backupOptions ?? BackupOptions.Default,
            ParentManifest = parent is null ? null : PipeReader.Create(new ReadOnlySequence<byte>(parent.Manifest)),
            Manifest = manifest,
            Logger = NullLogger.Instance,
        };
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, useSynchronizationContext: false));
        var archive = new MemoryStream();
        Task collecting = stopReading ? pipe.Reader.CompleteAsync().AsTask() : pipe.Reader.CopyToAsync(archive, CancellationToken.None);
        try
        {
            await new TarBackup(tree ?? FileTree.ForThisMachine, options, new IgnoreRules(options.Exclude), parallelism: 2, clock ?? OffsetClock.InAnHour)
                .WriteAsync(context, pipe.Writer, cancellationToken);
        }
        finally
        {
            await pipe.Writer.CompleteAsync();
            await collecting;
        }

        var backup = new Backup
        {
            EngineName = "tar",
            BackupName = "test",
            ChainTimestamp = DateTimeOffset.UnixEpoch,
            Timestamp = DateTimeOffset.UnixEpoch,
            Level = context.Level,
            Id = id,
        };
        return new TarLevel(backup, archive.ToArray(), manifest.ToArray(), report.Skips, report.Notes);
    }

    /// <summary>Extracts it with GNU tar over the level before.</summary>
    internal void Extract(string directory, params string[] options)
    {
        string file = Path.Combine(Path.GetDirectoryName(directory)!, Path.GetRandomFileName());
        File.WriteAllBytes(file, Archive);
        Tool.Run("tar", [.. options.Length > 0 ? options : Listed, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C", directory, "-f", file, "-x"]);
        File.Delete(file);
    }

    /// <summary>How a person restores a chain.</summary>
    internal static string[] Listed => ["--listed-incremental=/dev/null"];

    /// <summary>How a Freezer agent does.</summary>
    internal static string[] Freezer => ["--incremental", "--ignore-zeros", "--overwrite"];

    /// <summary>The members, read back: name, type, and the listing of a directory.</summary>
    internal async Task<List<string>> ListAsync()
    {
        var reader = new TarReader(PipeReader.Create(new ReadOnlySequence<byte>(Archive)));
        List<string> members = [];
        while (await reader.ReadEntryAsync(default) is { } entry)
        {
            string listing = "";
            ReadOnlySpan<byte> rest = entry.DumpDirectory;
            while (entry.DumpDirectory is not null && DumpDirectory.TryRead(ref rest, out byte code, out ReadOnlySpan<byte> name))
            {
                listing += $" {(char)code}{EntryPath.ToText(name)}";
            }

            members.Add($"{(char)entry.Type}{EntryPath.ToText(entry.Path)}{listing}");
        }

        return members;
    }
}
