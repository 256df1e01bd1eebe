using System.CommandLine;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Brings the storages of a mirror up to date.</summary>
internal sealed class SyncVerb : Verb
{
    internal SyncVerb()
        : base("sync", "Copy what storages of a mirror lack from those that have it.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Quorum);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: true, cancellationToken);
        return storage is MirrorStorage mirror
            ? SyncReport.Of(await mirror.SynchronizeAsync(null, cancellationToken))
            : throw new ArgumentException("Only a mirror can be synchronised: give several storages.");
    }
}
