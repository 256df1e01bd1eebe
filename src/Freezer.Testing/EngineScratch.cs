using System.Diagnostics.CodeAnalysis;
using Freezer.Catalog;
using Freezer.Storage;

namespace Freezer.Testing;

/// <summary>What a check of an engine works with: its subject, a storage, and backups and restores of one name.</summary>
internal sealed class EngineScratch(EngineSubject subject, CheckOptions options, CheckRun run, CancellationToken cancellationToken)
{
    internal const string Name = "checked";

    /// <summary>Small enough for the many backups of one check, and more than one frame of the smallest size.</summary>
    internal const int ContentLength = 200_000;

    /// <summary>For checks that fail one call after another: a chain that grew with each try would make more calls each time, without end.</summary>
    internal static BackupOptions ShortChains { get; } = new() { AlwaysLevel = 1 };

    private static readonly TimeProvider _clock = new ClockAhead();

    internal EngineSubject Subject => subject;

    internal CheckOptions Options => options;

    internal CancellationToken CancellationToken => cancellationToken;

    internal MemoryStorage Storage { get; } = new();

    internal void Expect(bool holds, string expected, string seen) => run.Expect(holds, expected, seen);

    internal Task<TException> ThrowsAsync<TException>(Func<Task> call, string expected)
        where TException : Exception => run.ThrowsAsync<TException>(call, expected);

    internal static void Require([DoesNotReturnIf(false)] bool holds, string reason)
    {
        if (!holds)
        {
            throw new NotApplicableException(reason);
        }
    }

    internal BackupEngine Engine(IStorage? storage = null, BackupEngineOptions? settings = null) =>
        subject.CreateEngine(storage ?? Storage, (settings ?? new BackupEngineOptions()) with { TimeProvider = _clock });

    internal Task<string> ResourceAsync(int length = ContentLength)
    {
        run.Doing = $"CreateResourceAsync was making a resource of {length} bytes";
        return subject.CreateResourceAsync(length, cancellationToken);
    }

    internal Task ChangeAsync(string resource, int step)
    {
        run.Doing = $"ChangeResourceAsync was making step {step}";
        return subject.ChangeResourceAsync(resource, step, cancellationToken);
    }

    internal async Task<string> DescribeAsync(string resource)
    {
        run.Doing = $"DescribeAsync was describing '{resource}'";
        string? description = await subject.DescribeAsync(resource, cancellationToken).ConfigureAwait(false);
        Expect(description is not null, $"something at '{resource}'", "nothing");
        return description!;
    }

    internal async Task<BackupResult> BackupAsync(
        string resource, BackupOptions? how = null, string name = Name, BackupEngine? engine = null, IProgress<BackupProgress>? progress = null, CancellationToken? token = null)
    {
        run.Doing = $"BackupAsync was backing up '{resource}'";
        BackupResult result = await (engine ?? Engine()).BackupAsync(resource, name, how, progress, token ?? cancellationToken).ConfigureAwait(false);
        Expect(result.Outcome == BackupOutcome.Complete, "a complete backup, since nothing stood in its way", $"{result.Skips.Count} skips, the first: {(result.Skips.Count > 0 ? result.Skips[0] : null)}");
        return result;
    }

    internal Task<RestoreResult> RestoreAsync(
        string destination, RestoreOptions? how = null, string name = Name, BackupEngine? engine = null, IProgress<BackupProgress>? progress = null, CancellationToken? token = null)
    {
        run.Doing = $"RestoreAsync was restoring to '{destination}'";
        return (engine ?? Engine()).RestoreAsync(name, destination, how, progress, token ?? cancellationToken);
    }

    /// <summary>Restores to a new destination and compares what is there then.</summary>
    internal async Task ExpectRestoresAsync(string expected, RestoreOptions? how = null, string name = Name, BackupEngine? engine = null, string what = "the resource")
    {
        string destination = subject.NameDestination();
        await RestoreAsync(destination, how, name, engine).ConfigureAwait(false);
        ExpectSame(await DescribeAsync(destination).ConfigureAwait(false), expected, what);
    }

    internal void ExpectSame(string seen, string expected, string what)
    {
        if (seen == expected)
        {
            return;
        }

        string[] missing = [.. expected.Split('\n').Except(seen.Split('\n')).Take(5)];
        string[] surplus = [.. seen.Split('\n').Except(expected.Split('\n')).Take(5)];
        throw run.Violation(
            $"{what} to come back as it was",
            $"a difference. Not there: {string.Join(" | ", missing)}. There instead: {string.Join(" | ", surplus)}");
    }

    internal async Task<List<Backup>> ListAsync()
    {
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(Storage).ListAsync(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            backups.Add(backup);
        }

        return backups;
    }

    internal async Task<List<StorageKey>> KeysAsync(string end = "")
    {
        List<StorageKey> keys = [];
        await foreach (StorageEntry entry in Storage.ListAsync(StoragePrefix.Root, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Key.Value.EndsWith(end, StringComparison.Ordinal))
            {
                keys.Add(entry.Key);
            }
        }

        return keys;
    }

    /// <summary>Whether an exception is, or was caused by, another one.</summary>
    internal static bool IsCausedBy(Exception? failure, Exception cause) => failure switch
    {
        null => false,
        _ when ReferenceEquals(failure, cause) => true,
        AggregateException several => several.InnerExceptions.Any(inner => IsCausedBy(inner, cause)),
        _ => IsCausedBy(failure.InnerException, cause),
    };

    private sealed class ClockAhead : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddHours(1);
    }
}
