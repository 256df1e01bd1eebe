using CustomStorage;
using Freezer;
using Freezer.Engines.Tar;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: CustomStorage FOLDER DATABASE: backs a folder up into an SQLite database.");
    return 2;
}

await using var storage = new SqliteStorage(args[1]);
BackupResult result = await new TarEngine(storage).BackupAsync(args[0], "sample");
Console.WriteLine($"{result.Backup}: {result.Outcome}, {result.Backup.BytesStored} bytes");
return 0;
