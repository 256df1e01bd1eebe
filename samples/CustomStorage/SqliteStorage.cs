using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Storage;
using Microsoft.Data.Sqlite;

namespace CustomStorage;

/// <summary>Objects in an SQLite database: one file that can be copied, queried and put under other backups.</summary>
/// <param name="path">The database; it is made where there is none.</param>
/// <param name="timeProvider">The clock of <see cref="StorageEntry.LastModified"/>.</param>
public sealed class SqliteStorage(string path, TimeProvider? timeProvider = null) : IStorage
{
    private const int ChunkLength = 256 << 10;
    private const int PageLength = 500;

    private readonly SqliteDatabase _database = new(path);
    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;

    public StorageCapabilities Capabilities { get; } = new();

    #region Write
    public async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        Check(key, cancellationToken);
        string upload = Guid.NewGuid().ToString("N");
        try
        {
            long length = await StoreAsync(key, upload, content, cancellationToken);
            return await PublishAsync(key, upload, length, options.Mode, cancellationToken);
        }
        catch
        {
            await DiscardAsync(key, upload);
            throw;
        }
    }

    private async Task<long> StoreAsync(StorageKey key, string upload, PipeReader content, CancellationToken cancellationToken)
    {
        long length = 0;
        var chunk = new ArrayBufferWriter<byte>(ChunkLength);
        ReadResult read;
        do
        {
            read = await content.ReadAsync(cancellationToken);

            // The pipe may have had the bytes ready and may not have looked at the token.
            cancellationToken.ThrowIfCancellationRequested();
            if (read.IsCanceled)
            {
                throw new OperationCanceledException("The reading of the content was cancelled.");
            }

            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                for (ReadOnlyMemory<byte> rest = piece; !rest.IsEmpty;)
                {
                    int count = Math.Min(rest.Length, ChunkLength - chunk.WrittenCount);
                    chunk.Write(rest.Span[..count]);
                    rest = rest[count..];
                    if (chunk.WrittenCount == ChunkLength)
                    {
                        length += await StoreAsync(key, upload, length / ChunkLength, chunk, cancellationToken);
                    }
                }
            }

            // Every byte has been copied, so the pipe may have its memory back.
            content.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);

        return length + await StoreAsync(key, upload, length / ChunkLength, chunk, cancellationToken);
    }
    #endregion

    #region Publish
    private async Task<StorageEntry> PublishAsync(StorageKey key, string upload, long length, WriteMode mode, CancellationToken cancellationToken)
    {
        long now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        await _database.WriteAsync(key.Value, (connection, _) =>
        {
            // The old content goes in the same transaction that puts the new one in its place.
            using SqliteCommand remove = SqliteDatabase.Command(connection,
                "DELETE FROM chunk WHERE upload = (SELECT upload FROM object WHERE key = $key)", ("$key", key.Value));
            using SqliteCommand put = SqliteDatabase.Command(connection,
                $"INSERT {(mode == WriteMode.Replace ? "OR REPLACE" : "OR IGNORE")} INTO object VALUES ($key, $upload, $length, $now)",
                ("$key", key.Value), ("$upload", upload), ("$length", length), ("$now", now));
            if (mode == WriteMode.Replace)
            {
                remove.ExecuteNonQuery();
            }

            // The primary key decides between writers that race: who comes second inserts nothing.
            if (put.ExecuteNonQuery() == 0)
            {
                throw new StorageException(StorageErrorKind.AlreadyExists, key.Value, "an object of this name exists already");
            }
        }, cancellationToken);
        return new StorageEntry(key, length, DateTimeOffset.FromUnixTimeMilliseconds(now), upload);
    }
    #endregion

    #region Read
    public async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        StorageEntry entry = await FindAsync(key, cancellationToken)
            ?? throw new StorageException(StorageErrorKind.NotFound, key.Value, "there is no such object");
        (long offset, long left) = options.Resolve(entry);
        while (left > 0)
        {
            byte[] chunk = await ReadChunkAsync(entry, offset / ChunkLength, cancellationToken);
            int start = (int)(offset % ChunkLength);
            int count = (int)Math.Min(left, chunk.Length - start);
            FlushResult flushed = await destination.WriteAsync(chunk.AsMemory(start, count), cancellationToken);
            if (flushed.IsCanceled)
            {
                throw new OperationCanceledException("The flushing of the destination was cancelled.");
            }

            if (flushed.IsCompleted)
            {
                break;
            }

            offset += count;
            left -= count;
        }

        return entry;
    }
    #endregion

    #region Find, list, delete
    public Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Check(key, cancellationToken);
        return _database.ReadAsync(key.Value, connection =>
        {
            using SqliteCommand find = SqliteDatabase.Command(connection, "SELECT key, upload, length, modified FROM object WHERE key = $key", ("$key", key.Value));
            using SqliteDataReader row = find.ExecuteReader();
            return row.Read() ? EntryOf(row) : null;
        }, cancellationToken);
    }

    public async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Page by page, each a query of its own: a listing that is enumerated slowly holds up nobody.
        string last = "";
        List<StorageEntry> page;
        do
        {
            page = await ReadPageAsync(prefix, last, cancellationToken);
            foreach (StorageEntry entry in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return entry;
                last = entry.Key.Value;
            }
        }
        while (page.Count == PageLength);
    }

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Check(key, cancellationToken);
        return _database.WriteAsync(key.Value, (connection, _) =>
        {
            using SqliteCommand delete = SqliteDatabase.Command(connection,
                "DELETE FROM chunk WHERE upload = (SELECT upload FROM object WHERE key = $key); DELETE FROM object WHERE key = $key", ("$key", key.Value));
            delete.ExecuteNonQuery();
        }, cancellationToken);
    }
    #endregion

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static void Check(StorageKey key, CancellationToken cancellationToken)
    {
        if (key.Value.Length == 0)
        {
            throw new ArgumentException("The key is empty.", nameof(key));
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private static StorageEntry EntryOf(SqliteDataReader row) =>
        new(StorageKey.Parse(row.GetString(0)), row.GetInt64(2), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3)), row.GetString(1));

    private async Task<int> StoreAsync(StorageKey key, string upload, long number, ArrayBufferWriter<byte> chunk, CancellationToken cancellationToken)
    {
        int count = chunk.WrittenCount;
        if (count > 0)
        {
            await _database.WriteAsync(key.Value, (connection, _) =>
            {
                using SqliteCommand insert = SqliteDatabase.Command(connection,
                    "INSERT INTO chunk VALUES ($upload, $number, $content)", ("$upload", upload), ("$number", number), ("$content", chunk.WrittenSpan.ToArray()));
                insert.ExecuteNonQuery();
            }, cancellationToken);
            chunk.ResetWrittenCount();
        }

        return count;
    }

    private Task<byte[]> ReadChunkAsync(StorageEntry entry, long number, CancellationToken cancellationToken) =>
        _database.ReadAsync(entry.Key.Value, connection =>
        {
            using SqliteCommand read = SqliteDatabase.Command(connection,
                "SELECT content FROM chunk WHERE upload = $upload AND number = $number", ("$upload", entry.Version!), ("$number", number));
            return read.ExecuteScalar() as byte[]
                ?? throw new StorageException(StorageErrorKind.Unavailable, entry.Key.Value, "it was replaced or deleted while it was read; read it again", isTransient: true);
        }, cancellationToken);

    private Task<List<StorageEntry>> ReadPageAsync(StoragePrefix prefix, string last, CancellationToken cancellationToken) =>
        _database.ReadAsync(prefix.Value, connection =>
        {
            // SQLite compares text by its UTF-8 bytes, as keys compare. The character behind '/' is '0', so the keys below a prefix are one range.
            string from = prefix.Value.Length == 0 ? "" : prefix.Value + "/";
            string to = prefix.Value.Length == 0 ? "\U0010FFFF" : prefix.Value + "0";
            using SqliteCommand list = SqliteDatabase.Command(connection,
                "SELECT key, upload, length, modified FROM object WHERE key > max($from, $last) AND key < $to ORDER BY key LIMIT $page",
                ("$from", from), ("$last", last), ("$to", to), ("$page", PageLength));
            using SqliteDataReader row = list.ExecuteReader();
            List<StorageEntry> page = [];
            while (row.Read())
            {
                page.Add(EntryOf(row));
            }

            return page;
        }, cancellationToken);

    /// <summary>Removes what a write that failed has stored. Should this fail as well, the first failure is the one to tell of, and what is left
    /// is no object.</summary>
    private async Task DiscardAsync(StorageKey key, string upload)
    {
        try
        {
            await _database.WriteAsync(key.Value, (connection, _) =>
            {
                using SqliteCommand delete = SqliteDatabase.Command(connection, "DELETE FROM chunk WHERE upload = $upload", ("$upload", upload));
                delete.ExecuteNonQuery();
            }, CancellationToken.None);
        }
        catch (StorageException failure)
        {
            System.Diagnostics.Trace.TraceWarning($"The rows of the upload {upload} could not be removed: {failure.Message}");
        }
    }
}
