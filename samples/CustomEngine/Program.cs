using CustomEngine;
using Freezer;
using Freezer.Storage;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: CustomEngine DATABASE FOLDER: backs an SQLite database up, while it is in use, into a folder.");
    return 2;
}

await using var storage = new FileStorage(args[1]);
BackupResult result = await new SqliteEngine(storage).BackupAsync(args[0], "sample");
Console.WriteLine($"{result.Backup}: {result.Outcome}, {result.Backup.BytesStored} bytes");
return 0;
