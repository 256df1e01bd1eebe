using Freezer;
using Microsoft.Data.Sqlite;

namespace CustomEngine;

/// <summary>A database as SQL statements, read in one transaction: others go on writing, and are not seen.</summary>
internal sealed class SqlDump : IDisposable
{
    private readonly SqliteConnection _connection;

    private SqlDump(SqliteConnection connection) => _connection = connection;

    #region Open
    internal static SqlDump Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        try
        {
            connection.Open();

            // The transaction begins with its first read: from here on the database stands still for this connection.
            using SqliteCommand begin = connection.CreateCommand();
            begin.CommandText = "BEGIN; SELECT count(*) FROM sqlite_schema;";
            begin.ExecuteNonQuery();
            return new SqlDump(connection);
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw new BackupException($"The database {path} cannot be read: {failure.Message}", failure);
        }
    }
    #endregion

    internal IEnumerable<string> VirtualTables() => [.. Column("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual' ORDER BY name")];

    /// <summary>The two numbers of a database that belong to its application.</summary>
    internal IEnumerable<string> Settings() =>
        [.. Column("SELECT 'PRAGMA user_version = ' || user_version FROM pragma_user_version UNION ALL SELECT 'PRAGMA application_id = ' || application_id FROM pragma_application_id")];

    internal IEnumerable<SqlItem> Items() =>
        [.. Column("SELECT type || ' ' || name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name")
            .Select(static item => new SqlItem(item.StartsWith("table ", StringComparison.Ordinal) ? "TABLE" : "VIEW", item[(item.IndexOf(' ', StringComparison.Ordinal) + 1)..]))];

    #region Statements
    /// <summary>All that makes an item, from its DROP on. Rows are read as they are asked for, one at a time.</summary>
    internal IEnumerable<string> Statements(SqlItem item)
    {
        string quoted = SqlItem.Quote(item.Name);
        yield return SqlItem.DropOf(item.Identity);
        yield return Column("SELECT sql FROM sqlite_schema WHERE name = $name AND type IN ('table', 'view')", item.Name).Single();
        if (item.Kind == "TABLE")
        {
            string[] columns = [.. Column("SELECT name FROM pragma_table_xinfo($name) WHERE hidden = 0 ORDER BY cid", item.Name).Select(SqlItem.Quote)];
            string values = string.Join(" || ',' || ", columns.Select(Literal));
            string into = $"INSERT INTO {quoted} ({string.Join(", ", columns)}) VALUES (";
            foreach (string row in Column($"SELECT {values} FROM {quoted}"))
            {
                yield return into + row + ")";
            }

            if (Column("SELECT name FROM sqlite_schema WHERE name = 'sqlite_sequence'").Any())
            {
                string name = Column("SELECT quote($name)", item.Name).Single();
                foreach (string last in Column("SELECT seq FROM sqlite_sequence WHERE name = $name", item.Name))
                {
                    yield return $"DELETE FROM sqlite_sequence WHERE name = {name}";
                    yield return $"INSERT INTO sqlite_sequence VALUES ({name}, {last})";
                }
            }
        }

        // Triggers come last, so that they do not fire for rows that are restored.
        foreach (string sql in Column("SELECT sql FROM sqlite_schema WHERE tbl_name = $name AND type IN ('index', 'trigger') AND sql NOT NULL ORDER BY type, name", item.Name))
        {
            yield return sql;
        }
    }

    /// <summary>A value as SQL on one line: text that has ends of lines, or a zero byte that would end it, is written as its bytes.</summary>
    private static string Literal(string column) =>
        $"CASE WHEN typeof({column}) = 'text' AND (instr({column}, char(0)) OR instr({column}, char(10)) OR instr({column}, char(13))) "
        + $"THEN 'CAST(X''' || hex({column}) || ''' AS TEXT)' ELSE quote({column}) END";
    #endregion

    public void Dispose() => _connection.Dispose();

    private IEnumerable<string> Column(string query, string? name = null)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = query;
        if (name is not null)
        {
            command.Parameters.AddWithValue("$name", name);
        }

        using SqliteDataReader row = command.ExecuteReader();
        while (row.Read())
        {
            yield return row.GetString(0);
        }
    }
}
