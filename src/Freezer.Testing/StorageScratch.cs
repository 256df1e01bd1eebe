using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text;
using Freezer.Storage;

namespace Freezer.Testing;

/// <summary>What a check of a storage works with: the storage, a prefix of its own in it, and the verbs with bytes in and bytes out.</summary>
internal sealed class StorageScratch(IStorage storage, string prefix, CheckOptions options, CheckRun run, CancellationToken cancellationToken)
{
    /// <summary>A pipe that holds next to nothing, so that both sides wait for each other all the time.</summary>
    internal static PipeOptions Tiny { get; } = new(pauseWriterThreshold: 64, resumeWriterThreshold: 32, minimumSegmentSize: 16, useSynchronizationContext: false);

    internal IStorage Storage => storage;

    internal CheckOptions Options => options;

    internal CancellationToken CancellationToken => cancellationToken;

    /// <summary>How many calls a check may hold open: no more than the storage says that it serves, and no more than tell anything.</summary>
    internal int Concurrency => Math.Clamp(storage.Capabilities.LeastConcurrency, 1, 16);

    internal string Prefix => prefix;

    internal StorageKey Key(string name) => StorageKey.Parse($"{prefix}/{name}");

    internal StoragePrefix Below(string name) => StoragePrefix.Parse(name.Length == 0 ? prefix : $"{prefix}/{name}");

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

    /// <summary>Bytes without a pattern that come out alike for the same length and seed.</summary>
    internal static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal async Task<StorageEntry> PutAsync(string name, byte[] content, WriteOptions? options = null, PipeOptions? pipeOptions = null)
    {
        Pipe pipe = new(pipeOptions ?? PipeOptions.Default);
        Task producing = ProduceAsync(pipe.Writer, content, 100_000);
        try
        {
            return await WriteAsync(name, pipe.Reader, options ?? WriteOptions.CreateNew, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await producing.ConfigureAwait(false);
        }
    }

    internal Task<StorageEntry> PutAsync(string name, string content, WriteOptions? options = null) =>
        PutAsync(name, Encoding.UTF8.GetBytes(content), options);

    internal Task<StorageEntry> WriteAsync(string name, PipeReader content, WriteOptions options, CancellationToken token)
    {
        run.Doing = $"WriteAsync was writing '{name}'";
        return storage.WriteAsync(Key(name), content, options, token);
    }

    internal async Task<byte[]> GetAsync(string name, ReadOptions? options = null, PipeOptions? pipeOptions = null)
    {
        Pipe pipe = new(pipeOptions ?? PipeOptions.Default);
        Task<byte[]> consuming = ConsumeAsync(pipe.Reader);
        try
        {
            await ReadAsync(name, pipe.Writer, options ?? ReadOptions.Whole, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        }

        return await consuming.ConfigureAwait(false);
    }

    internal async Task<string> GetTextAsync(string name) => Encoding.UTF8.GetString(await GetAsync(name).ConfigureAwait(false));

    internal Task<StorageEntry> ReadAsync(string name, PipeWriter destination, ReadOptions options, CancellationToken token)
    {
        run.Doing = $"ReadAsync was reading '{name}'";
        return storage.ReadAsync(Key(name), destination, options, token);
    }

    internal Task<StorageEntry?> FindAsync(string name)
    {
        run.Doing = $"FindAsync was looking for '{name}'";
        return storage.FindAsync(Key(name), cancellationToken);
    }

    internal Task DeleteAsync(string name)
    {
        run.Doing = $"DeleteAsync was deleting '{name}'";
        return storage.DeleteAsync(Key(name), cancellationToken);
    }

    internal async Task<List<StorageEntry>> ListAsync(string below = "")
    {
        run.Doing = $"ListAsync was listing below '{below}'";
        List<StorageEntry> entries = [];
        await foreach (StorageEntry entry in storage.ListAsync(Below(below), cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>The names below the scratch prefix, as they were listed.</summary>
    internal async Task<List<string>> NamesAsync(string below = "") =>
        [.. (await ListAsync(below).ConfigureAwait(false)).Select(entry => NameOf(entry.Key))];

    internal string NameOf(StorageKey key) =>
        key.Value.StartsWith(prefix + "/", StringComparison.Ordinal) ? key.Value[(prefix.Length + 1)..] : $"{key.Value}, which lies elsewhere";

    internal async Task ExpectListedAsync(string below, params string[] expected)
    {
        List<string> names = await NamesAsync(below).ConfigureAwait(false);
        names.Sort(StringComparer.Ordinal);
        Expect(names.SequenceEqual(expected.Order(StringComparer.Ordinal)), $"below '{below}' the objects {Join(expected)}", Join(names));
    }

    internal async Task ExpectContentAsync(string name, byte[] expected) => ExpectSame(await GetAsync(name).ConfigureAwait(false), expected, name);

    internal async Task ExpectContentAsync(string name, string expected)
    {
        string seen = await GetTextAsync(name).ConfigureAwait(false);
        Expect(seen == expected, $"'{name}' to hold \"{expected}\"", $"\"{seen}\"");
    }

    internal async Task ExpectMissingAsync(string name)
    {
        StorageEntry? entry = await FindAsync(name).ConfigureAwait(false);
        Expect(entry is null, $"that FindAsync knows no '{name}'", $"{entry}");
        await FailsAsync(() => GetAsync(name), StorageErrorKind.NotFound, $"reading '{name}'").ConfigureAwait(false);
    }

    internal void ExpectSame(ReadOnlySpan<byte> seen, ReadOnlySpan<byte> expected, string name)
    {
        int same = seen.CommonPrefixLength(expected);
        Expect(
            same == seen.Length && same == expected.Length,
            $"'{name}' to be the {expected.Length} bytes that were written",
            seen.Length != expected.Length ? $"{seen.Length} bytes, of which the first {same} are right" : $"a difference at byte {same}");
    }

    /// <summary>Makes a call that has to fail with a storage error of a kind, and returns that error.</summary>
    internal async Task<StorageException> FailsAsync(Func<Task> call, StorageErrorKind kind, string doing)
    {
        string expected = $"{doing} to fail with a StorageException of kind {kind}";
        StorageException failure = await ThrowsAsync<StorageException>(call, expected).ConfigureAwait(false);
        Expect(failure.Kind == kind, expected, $"kind {failure.Kind}: {failure.Message}");
        return failure;
    }

    internal Task CancelsAsync(Func<Task> call, string doing) =>
        ThrowsAsync<OperationCanceledException>(call, $"{doing} to throw an OperationCanceledException, as it is and not inside another exception");

    internal async Task CleanUpAsync()
    {
        run.Doing = "the check was deleting what it wrote";
        foreach (StorageEntry entry in await ListAsync().ConfigureAwait(false))
        {
            await storage.DeleteAsync(entry.Key, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Cleans up after a check that failed: what it was doing then is what its message tells of.</summary>
    internal async Task TryCleanUpAsync()
    {
        string failedWhile = run.Doing;
        try
        {
            await CleanUpAsync().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            failedWhile += $" (and what the check wrote below {prefix} could not be deleted: {failure.Message})";
        }

        run.Doing = failedWhile;
    }

    internal static async Task ProduceAsync(PipeWriter writer, byte[] content, int pieceLength)
    {
        FlushResult flushed = default;
        for (int offset = 0; offset < content.Length && !flushed.IsCompleted; offset += pieceLength)
        {
            flushed = await writer.WriteAsync(content.AsMemory(offset, Math.Min(pieceLength, content.Length - offset))).ConfigureAwait(false);
        }

        await writer.CompleteAsync().ConfigureAwait(false);
    }

    internal static async Task<byte[]> ConsumeAsync(PipeReader reader)
    {
        using MemoryStream received = new();
        await reader.CopyToAsync(received).ConfigureAwait(false);
        await reader.CompleteAsync().ConfigureAwait(false);
        return received.ToArray();
    }

    internal static string Join(IReadOnlyCollection<string> names) =>
        names.Count == 0 ? "nothing" : string.Join(", ", names.Take(20)) + (names.Count > 20 ? $" and {names.Count - 20} more" : "");
}
