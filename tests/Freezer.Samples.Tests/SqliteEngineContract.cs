using System.Globalization;
using CustomEngine;
using Freezer.Storage;
using Freezer.Testing;
using Microsoft.Data.Sqlite;

namespace Freezer.Samples.Tests;

#region Test of the engine
public sealed class SqliteEngineContract
{
    private static readonly CheckOptions _options = new() { LargeObject = 4 << 20 };

    public static TheoryData<EngineCheck> Checks => new(EngineContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(EngineCheck check) => check.RunAsync(_ => Task.FromResult<EngineSubject>(new Databases()), _options);
}
#endregion

#region Subject of the engine
/// <summary>Databases in a folder of their own: what the checks back up, change and compare.</summary>
internal sealed class Databases : EngineSubject
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freezer-sample-").FullName;
    private int _number;

    public override BackupEngine CreateEngine(IStorage storage, BackupEngineOptions options) => new SqliteEngine(storage, options);

    public override Task<string> CreateResourceAsync(int contentLength, CancellationToken cancellationToken = default)
    {
        string path = NameDestination();
        Execute(path, "PRAGMA user_version = 7");
        if (contentLength > 0)
        {
            // Each of these values becomes two characters a byte in the script.
            Execute(path, $"""
                CREATE TABLE large (id INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB);
                WITH RECURSIVE row(left) AS (SELECT {contentLength} UNION ALL SELECT left - 50000 FROM row WHERE left > 50000)
                INSERT INTO large (content) SELECT randomblob(max(1, min(left, 50000) / 2)) FROM row;
                CREATE TABLE odd ("a ""quoted"" name" TEXT, real REAL, twice AS (real * 2), more);
                INSERT INTO odd VALUES ('it''s
                ; two lines', 0.1, NULL), (char(65, 0, 66), 1e300 / 3, x'');
                CREATE INDEX by_real ON odd (real);
                CREATE TRIGGER on_odd AFTER INSERT ON odd BEGIN
                    DELETE FROM large;
                END;
                CREATE VIEW both AS SELECT id, real FROM large, odd;
                """);
        }

        return Task.FromResult(path);
    }

    public override Task ChangeResourceAsync(string resource, int step, CancellationToken cancellationToken = default)
    {
        Execute(resource, $"""
            CREATE TABLE IF NOT EXISTS steps (step INTEGER, text TEXT);
            INSERT INTO steps VALUES ({step}, 'step');
            UPDATE steps SET text = 'pets' WHERE step < {step};
            CREATE TABLE added{step} (a); INSERT INTO added{step} VALUES ({step});
            DROP TABLE IF EXISTS added{step - 1};
            """);
        return Task.CompletedTask;
    }

    public override string NameDestination() => Path.Combine(_folder, $"{_number++}.db");

    public override Task<string?> DescribeAsync(string resourceOrDestination, CancellationToken cancellationToken = default) =>
        Task.FromResult(File.Exists(resourceOrDestination) ? Describe(resourceOrDestination) : null);

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return base.DisposeAsync();
    }

    private static string Describe(string path)
    {
        List<string> lines = Query(path, "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name");
        lines.AddRange(Query(path, "SELECT 'version ' || user_version FROM pragma_user_version"));
        foreach (string table in Query(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"))
        {
            string columns = string.Join(" || ' ' || ", Query(path, $"SELECT 'typeof(\"' || replace(name, '\"', '\"\"') || '\") || hex(\"' || replace(name, '\"', '\"\"') || '\")' FROM pragma_table_xinfo('{table}')"));
            lines.AddRange(Query(path, $"SELECT '{table} ' || {columns} FROM \"{table}\" ORDER BY 1"));
        }

        return string.Join('\n', lines);
    }
    #endregion

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static void Execute(string path, string sql)
    {
        using SqliteConnection connection = Open(path);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static List<string> Query(string path, string sql)
    {
        using SqliteConnection connection = Open(path);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader row = command.ExecuteReader();
        List<string> values = [];
        while (row.Read())
        {
            values.Add(Convert.ToString(row.GetValue(0), CultureInfo.InvariantCulture)!);
        }

        return values;
    }
}
