using Freezer.Storage;
using Microsoft.Data.Sqlite;

namespace CustomStorage;

/// <summary>The database of a <see cref="SqliteStorage"/>: short transactions, one writer at a time.</summary>
internal sealed class SqliteDatabase : IAsyncDisposable
{
    #region Schema
    // An object is a row that says which upload holds its content. An upload that no object names is nobody's:
    // it is being written, or its writer has died.
    private const string Schema =
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS object (key TEXT PRIMARY KEY, upload TEXT NOT NULL, length INTEGER NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS chunk (upload TEXT, number INTEGER, content BLOB NOT NULL, PRIMARY KEY (upload, number));
        """;
    #endregion

    private readonly SemaphoreSlim _writing = new(1);
    private readonly string _connectionString;
    private readonly Lazy<bool> _created;

    internal SqliteDatabase(string path)
    {
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path }.ToString();
        // A failure is not kept: the next call tries again.
        _created = new Lazy<bool>(Create, LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Reads, beside others that read and the one that writes.</summary>
    internal async Task<T> ReadAsync<T>(string? key, Func<SqliteConnection, T> query, CancellationToken cancellationToken)
    {
        // SQLite blocks, so the caller's thread is left to itself.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            _ = _created.Value;
            cancellationToken.ThrowIfCancellationRequested();
            using SqliteConnection connection = Open();
            return query(connection);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Of(key, failure);
        }
    }

    /// <summary>Writes in one transaction. Nothing waits for a pipe in here: what waits its turn would wait for that too.</summary>
    internal async Task WriteAsync(string? key, Action<SqliteConnection, SqliteTransaction> change, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _ = _created.Value;
            cancellationToken.ThrowIfCancellationRequested();
            using SqliteConnection connection = Open();
            using SqliteTransaction transaction = connection.BeginTransaction();
            change(connection, transaction);
            transaction.Commit();
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Of(key, failure);
        }
        finally
        {
            _writing.Release();
        }
    }

    internal static SqliteCommand Command(SqliteConnection connection, string text, params (string Name, object Value)[] parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        foreach ((string name, object value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    public ValueTask DisposeAsync()
    {
        _writing.Dispose();
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    private bool Create()
    {
        using SqliteConnection connection = Open();
        using SqliteCommand create = Command(connection, Schema);
        create.ExecuteNonQuery();
        return true;
    }
}
