using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Freezer;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CustomEngine;

/// <summary>A restore: all levels in one transaction, so that a restore that fails leaves the database as it was.</summary>
internal sealed class SqlReplay : IAsyncDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction _transaction;

    private SqlReplay(SqliteConnection connection, SqliteTransaction transaction)
    {
        _connection = connection;
        _transaction = transaction;
    }

    internal static async Task<SqlReplay> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = false, Pooling = false }.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            return new SqlReplay(connection, connection.BeginTransaction());
        }
        catch (SqliteException failure)
        {
            await connection.DisposeAsync();
            throw new BackupException($"The database {path} cannot be written: {failure.Message}", failure);
        }
    }

    #region Read statements
    internal async Task ApplyAsync(PipeReader archive, RestoreContext context, CancellationToken cancellationToken)
    {
        var statement = new StringBuilder();
        while (true)
        {
            ReadResult read = await archive.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> rest = read.Buffer;

            // A read ends anywhere: what is not a whole line yet is left for the next one.
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                statement.Append(Encoding.UTF8.GetString(rest.Slice(0, end))).Append('\n');
                rest = rest.Slice(rest.GetPosition(1, end));

                // The body of a trigger has lines that end so, and is not at its end there: SQLite knows.
                if (EndsStatement(statement) && raw.sqlite3_complete(statement.ToString()) != 0)
                {
                    Execute(statement.ToString(), context);
                    statement.Clear();
                }
            }

            archive.AdvanceTo(rest.Start, read.Buffer.End);
            if (!read.IsCompleted)
            {
                continue;
            }

            if (statement.Length > 0 || !rest.IsEmpty)
            {
                throw new BackupDamagedException($"The script of {context.Level} ends amid a statement.");
            }

            return;
        }
    }
    #endregion

    internal Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // What was not committed is rolled back.
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static bool EndsStatement(StringBuilder text) => text.Length > 1 && text[^2] == ';';

    private void Execute(string sql, RestoreContext context)
    {
        try
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.Transaction = _transaction;
            command.CommandText = sql;
            command.ExecuteNonQuery();
            context.ReportProgress(Encoding.UTF8.GetByteCount(sql), 1);
        }
        catch (SqliteException failure)
        {
            throw new BackupException($"{context.Destination}: a statement of {context.Level} failed: {failure.Message}", failure);
        }
    }
}
