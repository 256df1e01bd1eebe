using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Freezer.Storage;

namespace Freezer.Testing.Tests.Engine;

/// <summary>The ways in which a <see cref="MapEngine"/> can be broken.</summary>
[Flags]
internal enum Flaw
{
    None = 0,
    DropsLastEntry = 1 << 0,
    ForgetsRemovals = 1 << 1,
    ListsOnlyChanges = 1 << 2,
    ComparesLengths = 1 << 3,
    StoresEverything = 1 << 4,
    ReturnsEarlyFromRestore = 1 << 5,
    HidesCauses = 1 << 6,
    SwallowsFailures = 1 << 7,
    TakesMissingForEmpty = 1 << 8,
    ChangesItsName = 1 << 9,
    CountsNothing = 1 << 10,
    RemembersManifest = 1 << 11,
    MarksItsResource = 1 << 12,
    TakesUsedDestinations = 1 << 13,
    DisposesTheStorage = 1 << 14,
    SkipsALevel = 1 << 15,
    TakesCrumbsForAll = 1 << 16,
    WrapsCancellation = 1 << 18,
    HasBadName = 1 << 19,
    MixesOperations = 1 << 21,
    CountsBackwards = 1 << 23,
    SkipsEmptyContent = 1 << 24,
    RebuildsEmptyManifests = 1 << 25,
}

/// <summary>Resources in memory: names and contents.</summary>
internal sealed class Maps : ConcurrentDictionary<string, SortedDictionary<string, byte[]>>;

/// <summary>An engine for maps of names to contents. A level holds the entries that changed and the names that are gone.</summary>
internal sealed class MapEngine(IStorage storage, Maps maps, BackupEngineOptions options, Flaw flaw = Flaw.None) : BackupEngine(storage, options)
{
    private const int Gone = -1;

    private readonly List<string> _written = [];
    private Dictionary<string, string> _remembered = [];
    private int _names;

    public override string Name => Has(Flaw.HasBadName) ? "Map Engine" : Has(Flaw.ChangesItsName) ? $"map{_names++}" : "map";

    protected override async Task WriteArchiveAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        if (!maps.TryGetValue(context.Resource, out SortedDictionary<string, byte[]>? resource))
        {
            resource = Has(Flaw.TakesMissingForEmpty) ? [] : throw new BackupException($"There is no map '{context.Resource}'.");
        }

        Dictionary<string, string> parent = await ReadParentAsync(context, cancellationToken);
        if (Has(Flaw.MarksItsResource))
        {
            resource["last backup"] = context.BackupId.ToByteArray();
        }

        var remembered = new Dictionary<string, string>();
        foreach ((string name, byte[] content) in resource.Take(Has(Flaw.DropsLastEntry) ? resource.Count - 1 : resource.Count).ToArray())
        {
            string print = Has(Flaw.ComparesLengths) ? $"{content.Length}" : Convert.ToHexString(SHA256.HashData(content));
            bool same = parent.Remove(name, out string? before) && before == print && !Has(Flaw.StoresEverything);
            remembered[name] = print;
            if (!same || !Has(Flaw.ListsOnlyChanges))
            {
                context.Manifest.Write(Encoding.UTF8.GetBytes($"{name} {print}\n"));
                context.Manifest.EndBlock();
                await context.Manifest.FlushAsync(cancellationToken);
            }

            if (!same && !(content.Length == 0 && Has(Flaw.SkipsEmptyContent)))
            {
                WriteRecord(archive, name, content.Length);
                await archive.WriteAsync(content, cancellationToken);
            }

            Count(context.ReportProgress, content.Length);
        }

        foreach (string gone in Has(Flaw.ForgetsRemovals | Flaw.ListsOnlyChanges) ? [] : parent.Keys.ToArray())
        {
            WriteRecord(archive, gone, Gone);
            await archive.FlushAsync(cancellationToken);
        }

        _remembered = remembered;
        if (Has(Flaw.DisposesTheStorage))
        {
            await Storage.DisposeAsync();
        }
    }

    protected override Task PrepareDestinationAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        bool used = maps.TryGetValue(context.Destination, out SortedDictionary<string, byte[]>? there) && there.Count > 0;
        if (used && !context.Options.Overwrite && !Has(Flaw.TakesUsedDestinations))
        {
            throw new BackupException($"The map '{context.Destination}' is not empty.");
        }

        return Task.CompletedTask;
    }

    protected override async Task RestoreChainAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        if (Has(Flaw.SkipsALevel))
        {
            await context.ReadArchiveAsync(context.Target, (archive, token) => RestoreLevelAsync(context, archive, token), cancellationToken);
            return;
        }

        try
        {
            await base.RestoreChainAsync(context, cancellationToken);
        }
        catch (OperationCanceledException) when (Has(Flaw.WrapsCancellation))
        {
            throw new BackupException("The restore was interrupted.");
        }
        catch (Exception failure) when (failure is not OperationCanceledException && Has(Flaw.HidesCauses | Flaw.SwallowsFailures))
        {
            if (Has(Flaw.HidesCauses))
            {
                throw new BackupException("The restore failed.");
            }
        }
    }

    protected override async Task RebuildManifestAsync(RepairContext context, CancellationToken cancellationToken)
    {
        var entries = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (context.Parent is { } parent)
        {
            await context.ReadManifestAsync(parent, async (manifest, token) => await ReadManifestAsync(manifest, entries, token), cancellationToken);
        }

        var changes = new SortedDictionary<string, byte[]?>(StringComparer.Ordinal);
        await context.ReadArchiveAsync(
            context.Target, (archive, token) => ReadRecordsAsync(archive, (name, length, content) => changes[name] = length == Gone ? null : content, token), cancellationToken);
        foreach ((string name, byte[]? content) in changes)
        {
            entries.Remove(name);
            if (content is not null)
            {
                entries.Add(name, Convert.ToHexString(SHA256.HashData(content)));
            }
        }

        foreach ((string name, string print) in entries.Take(Has(Flaw.RebuildsEmptyManifests) ? 0 : entries.Count))
        {
            context.Manifest.Write(Encoding.UTF8.GetBytes($"{name} {print}\n"));
            context.Manifest.EndBlock();
            await context.Manifest.FlushAsync(cancellationToken);
        }
    }

    protected override async Task RestoreLevelAsync(RestoreContext context, PipeReader archive, CancellationToken cancellationToken)
    {
        SortedDictionary<string, byte[]> target = maps.GetOrAdd(context.Destination, static _ => new(StringComparer.Ordinal));
        if (Has(Flaw.MixesOperations))
        {
            lock (_written)
            {
                _written.Add(context.Destination);
                target = maps[_written[0]];
            }
        }

        if (Has(Flaw.TakesCrumbsForAll))
        {
            await RestoreCrumbsAsync(target, archive, cancellationToken);
            return;
        }

        await ReadRecordsAsync(
            archive,
            (name, length, content) =>
            {
                Apply(target, name, length, content);
                Count(context.ReportProgress, content.Length);
            },
            cancellationToken,
            isOneEnough: Has(Flaw.ReturnsEarlyFromRestore));
    }

    private static async Task ReadRecordsAsync(PipeReader archive, Action<string, int, byte[]> found, CancellationToken cancellationToken, bool isOneEnough = false)
    {
        await using Stream stream = archive.AsStream(leaveOpen: true);
        byte[] lengths = new byte[8];
        while (await stream.ReadAtLeastAsync(lengths, 8, throwOnEndOfStream: false, cancellationToken) == 8)
        {
            byte[] name = new byte[BinaryPrimitives.ReadInt32LittleEndian(lengths)];
            await stream.ReadExactlyAsync(name, cancellationToken);
            int length = BinaryPrimitives.ReadInt32LittleEndian(lengths.AsSpan(4));
            byte[] content = new byte[Math.Max(length, 0)];
            await stream.ReadExactlyAsync(content, cancellationToken);
            found(Encoding.UTF8.GetString(name), length, content);
            if (isOneEnough)
            {
                return;
            }
        }
    }

    /// <summary>Takes each read for a whole number of records.</summary>
    private static async Task RestoreCrumbsAsync(SortedDictionary<string, byte[]> target, PipeReader archive, CancellationToken cancellationToken)
    {
        ReadResult read;
        do
        {
            read = await archive.ReadAsync(cancellationToken);
            byte[] bytes = read.Buffer.ToArray();
            for (int at = 0; at + 8 <= bytes.Length;)
            {
                int name = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
                int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4));
                if (at + 8 + name + Math.Max(length, 0) > bytes.Length)
                {
                    break;
                }

                Apply(target, Encoding.UTF8.GetString(bytes, at + 8, name), length, bytes.AsSpan(at + 8 + name, Math.Max(length, 0)).ToArray());
                at += 8 + name + Math.Max(length, 0);
            }

            archive.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    private static void Apply(SortedDictionary<string, byte[]> target, string name, int length, byte[] content)
    {
        if (length == Gone)
        {
            target.Remove(name);
        }
        else
        {
            target[name] = content;
        }
    }

    private void Count(Action<long, long, EntryPath> report, long bytes)
    {
        if (!Has(Flaw.CountsNothing))
        {
            report(Has(Flaw.CountsBackwards) ? -bytes : bytes, 1, default);
        }
    }

    private async Task<Dictionary<string, string>> ReadParentAsync(BackupContext context, CancellationToken cancellationToken)
    {
        if (context.ParentManifest is null)
        {
            return [];
        }

        if (Has(Flaw.RemembersManifest))
        {
            return new(_remembered);
        }

        var entries = new Dictionary<string, string>();
        await ReadManifestAsync(context.ParentManifest, entries, cancellationToken);
        return entries;
    }

    private static async Task ReadManifestAsync(PipeReader manifest, IDictionary<string, string> entries, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(manifest.AsStream(leaveOpen: true));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            int space = line.LastIndexOf(' ');
            entries.Add(line[..space], line[(space + 1)..]);
        }
    }

    private bool Has(Flaw flaws) => (flaw & flaws) != 0;

    private static void WriteRecord(PipeWriter archive, string name, int length)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Span<byte> lengths = archive.GetSpan(8)[..8];
        BinaryPrimitives.WriteInt32LittleEndian(lengths, bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(lengths[4..], length);
        archive.Advance(8);
        archive.Write(bytes);
    }
}

/// <summary>Maps, for the checks.</summary>
internal sealed class MapSubject(Flaw flaw = Flaw.None) : EngineSubject
{
    private readonly Maps _maps = [];
    private int _places;

    public override BackupEngine CreateEngine(IStorage storage, BackupEngineOptions options) => new MapEngine(storage, _maps, options, flaw);

    public override Task<string> CreateResourceAsync(int contentLength, CancellationToken cancellationToken = default)
    {
        var map = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        for (int left = contentLength; left > 0; left -= 30_000)
        {
            byte[] content = new byte[Math.Min(left, 30_000)];
            new Random(left).NextBytes(content);
            map.Add($"entry {map.Count}", content);
        }

        if (contentLength > 0)
        {
            map.Add("nothing", []);
        }

        string name = NameDestination();
        _maps[name] = map;
        return Task.FromResult(name);
    }

    public override Task ChangeResourceAsync(string resource, int step, CancellationToken cancellationToken = default)
    {
        SortedDictionary<string, byte[]> map = _maps[resource];
        map[$"added {step}"] = [(byte)step];
        map.Remove($"added {step - 1}");
        map["changing"] = BitConverter.GetBytes(step);
        return Task.CompletedTask;
    }

    public override string NameDestination() => $"map {_places++}";

    public override Task<string?> DescribeAsync(string resourceOrDestination, CancellationToken cancellationToken = default) =>
        Task.FromResult(!_maps.TryGetValue(resourceOrDestination, out SortedDictionary<string, byte[]>? map) ? null
            : string.Join('\n', map.Select(static entry => $"{entry.Key}: {entry.Value.Length} bytes {Convert.ToHexString(SHA256.HashData(entry.Value))}")));
}
