using System.Collections.Concurrent;
using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>A storage that counts how many bytes of each object are read.</summary>
internal sealed class ReadCounter(IStorage inner) : DelegatingStorage(inner)
{
    private readonly ConcurrentDictionary<string, long> _bytes = new();

    internal long BytesOf(string key) => _bytes.GetValueOrDefault(key);

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        StorageEntry? entry = null;
        await Transfer.RunAsync(
            async (writer, token) => entry = await Inner.ReadAsync(key, writer, options, token),
            async (reader, token) =>
            {
                ReadResult result;
                do
                {
                    result = await reader.ReadAsync(token);
                    foreach (ReadOnlyMemory<byte> part in result.Buffer)
                    {
                        if ((await destination.WriteAsync(part, token)).IsCompleted)
                        {
                            reader.AdvanceTo(result.Buffer.End);
                            _bytes.AddOrUpdate(key.Value, part.Length, (_, sum) => sum + part.Length);
                            return;
                        }

                        _bytes.AddOrUpdate(key.Value, part.Length, (_, sum) => sum + part.Length);
                    }

                    reader.AdvanceTo(result.Buffer.End);
                }
                while (!result.IsCompleted);
            },
            new TransferOptions { MayEndEarly = true },
            cancellationToken);
        return entry ?? (await Inner.FindAsync(key, cancellationToken))!;
    }
}
