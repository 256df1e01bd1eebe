using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>The smallest honest engine: a resource is a dictionary; a level holds the entries that changed and the names that are gone.</summary>
internal sealed class DictionaryEngine(IStorage storage, BackupEngineOptions? options = null) : BackupEngine(storage, options)
{
    private const int Deleted = -1;

    internal Dictionary<string, SortedDictionary<string, byte[]>> Resources { get; } = new() { ["r"] = new(StringComparer.Ordinal) };

    internal Dictionary<string, SortedDictionary<string, byte[]>> Restored { get; } = [];

    internal Func<BackupContext, Task>? WhileWriting { get; set; }

    internal BackupPlan Plan { get; set; } = BackupPlan.Incremental;

    public override string Name => "dictionary";

    protected override ValueTask<BackupPlan> PlanAsync(BackupPlanContext context, CancellationToken cancellationToken) => new(Plan);

    protected override async Task WriteArchiveAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        Dictionary<string, string> parent = context.ParentManifest is null ? [] : await ReadManifestAsync(context.ParentManifest, cancellationToken);
        SortedDictionary<string, byte[]> resource = Resources[context.Resource];
        foreach ((string name, byte[] content) in resource)
        {
            string hash = Convert.ToHexString(SHA256.HashData(content));
            context.Manifest.Write(Encoding.UTF8.GetBytes($"{name} {hash}\n"));
            context.Manifest.EndBlock();
            await context.Manifest.FlushAsync(cancellationToken);
            if (!parent.Remove(name, out string? before) || before != hash)
            {
                WriteRecord(archive, name, content.Length);
                archive.Write(content);
                await archive.FlushAsync(cancellationToken);
            }

            context.ReportProgress(content.Length, 1);
        }

        foreach (string gone in parent.Keys)
        {
            WriteRecord(archive, gone, Deleted);
        }

        await (WhileWriting?.Invoke(context) ?? Task.CompletedTask);
    }

    protected override async Task RestoreLevelAsync(RestoreContext context, PipeReader archive, CancellationToken cancellationToken)
    {
        if (!Restored.TryGetValue(context.Destination, out SortedDictionary<string, byte[]>? target))
        {
            Restored.Add(context.Destination, target = new(StringComparer.Ordinal));
        }

        await using Stream stream = archive.AsStream(leaveOpen: true);
        byte[] lengths = new byte[8];
        while (await stream.ReadAtLeastAsync(lengths, 8, throwOnEndOfStream: false, cancellationToken) == 8)
        {
            byte[] name = new byte[BinaryPrimitives.ReadInt32LittleEndian(lengths)];
            await stream.ReadExactlyAsync(name, cancellationToken);
            int length = BinaryPrimitives.ReadInt32LittleEndian(lengths.AsSpan(4));
            if (length == Deleted)
            {
                target.Remove(Encoding.UTF8.GetString(name));
                continue;
            }

            byte[] content = new byte[length];
            await stream.ReadExactlyAsync(content, cancellationToken);
            target[Encoding.UTF8.GetString(name)] = content;
            context.ReportProgress(length, 1);
        }
    }

    private static async Task<Dictionary<string, string>> ReadManifestAsync(PipeReader manifest, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(manifest.AsStream(leaveOpen: true));
        var entries = new Dictionary<string, string>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            int space = line.LastIndexOf(' ');
            entries.Add(line[..space], line[(space + 1)..]);
        }

        return entries;
    }

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
