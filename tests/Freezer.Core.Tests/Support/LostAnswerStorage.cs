using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>A storage that does what it is asked to, and whose answer to the writes of one kind of object never arrives.</summary>
internal sealed class LostAnswerStorage(IStorage inner, string keyEnd) : DelegatingStorage(inner)
{
    internal int Lost { get; private set; }

    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        StorageEntry entry = await Inner.WriteAsync(key, content, options, cancellationToken);
        if (!key.Value.EndsWith(keyEnd, StringComparison.Ordinal))
        {
            return entry;
        }

        Lost++;
        throw new StorageException(StorageErrorKind.Unavailable, key.Value, "The connection was lost.", isTransient: true);
    }
}
