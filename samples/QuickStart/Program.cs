// Backs up a folder twice, restores it as it was both times, and compares.
//   dotnet run --project samples/QuickStart [FOLDER]
// Without FOLDER it makes a small one and changes it between the backups. A folder of yours is only read.

using System.Security.Cryptography;
using Freezer;
using Freezer.Catalog;
using Freezer.Engines.Tar;
using Freezer.Storage;

string scratch = Directory.CreateTempSubdirectory("freezer-quickstart-").FullName;
try
{
    string source = args.Length > 0 ? args[0] : MakeFolder(Path.Combine(scratch, "source"));

    // A storage is where backups live; an engine knows how a resource becomes a stream and comes back.
    await using var storage = new FileStorage(Path.Combine(scratch, "storage"));
    var engine = new TarEngine(storage);

    // The first backup of a name is a full one, the next one holds what has changed since. (And what was younger than two
    // seconds the first time: such a file may have changed again without its times telling.)
    Dictionary<string, string> before = Describe(source);
    BackupResult full = await engine.BackupAsync(source, "quickstart");
    if (args.Length == 0)
    {
        ChangeFolder(source);
    }

    Dictionary<string, string> after = Describe(source);
    BackupResult incremental = await engine.BackupAsync(source, "quickstart");

    await foreach (Backup backup in new BackupCatalog(storage).ListAsync())
    {
        Console.WriteLine($"{backup}: {backup.Entries} entries, {backup.BytesRead} bytes read, {backup.BytesStored} stored");
    }

    // Each of them comes back by its date, whatever came later.
    bool same = await RestoresAs(before, full.Backup) & await RestoresAs(after, incremental.Backup);
    return same ? 0 : 1;

    async Task<bool> RestoresAs(Dictionary<string, string> expected, Backup backup)
    {
        string destination = Path.Combine(scratch, $"restored-{backup.Level}");
        RestoreResult restored = await engine.RestoreAsync("quickstart", destination, new RestoreOptions { To = backup.Timestamp });
        bool isSame = Describe(destination) is var actual && actual.Count == expected.Count && !actual.Except(expected).Any();
        Console.WriteLine($"{restored.Backup} is restored: {restored.Entries} entries, {(isSame ? "the same as" : "NOT the same as")} the source was");
        return isSame;
    }
}
finally
{
    Directory.Delete(scratch, recursive: true);
}

static string MakeFolder(string path)
{
    Directory.CreateDirectory(Path.Combine(path, "notes"));
    File.WriteAllText(Path.Combine(path, "readme.txt"), "Hello, backup.\n");
    File.WriteAllText(Path.Combine(path, "notes", "monday.txt"), "Take a backup.\n");
    File.WriteAllBytes(Path.Combine(path, "data.bin"), RandomNumberGenerator.GetBytes(1 << 20));
    return path;
}

static void ChangeFolder(string path)
{
    File.AppendAllText(Path.Combine(path, "readme.txt"), "Hello again.\n");
    File.Delete(Path.Combine(path, "notes", "monday.txt"));
    File.WriteAllText(Path.Combine(path, "notes", "tuesday.txt"), "Take another one.\n");
}

// Every name below a folder, with its length, time and content.
static Dictionary<string, string> Describe(string folder) => new DirectoryInfo(folder)
    .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
    .ToDictionary(
        file => Path.GetRelativePath(folder, file.FullName),
        file => $"{file.Length} {file.LastWriteTimeUtc:O} {(file.Length == 0 ? "" : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName))))}");
