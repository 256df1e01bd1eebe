using System.CommandLine;
using Freezer.Catalog;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Lists the backups of a storage.</summary>
internal sealed class ListVerb : Verb
{
    private readonly Option<string> _name = CommonOptions.OptionOf("--name", "NAME", "Only the backups of this name.", static text => text);

    private readonly Option<EngineName?> _engine = CommonOptions.OptionOf<EngineName?>(
        "--engine", "NAME", "Only the backups of this engine: tar or block.", static text => EngineNames.Parse(text));

    internal ListVerb()
        : base("list", "List the backups of a storage.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Quorum);
        Add(_name);
        Add(_engine);
        Add(CommonOptions.PassphraseFile);
        Add(CommonOptions.KeyFile);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        IKeyProvider? key = KeyOptions.Read(arguments);
        using var cleared = key as IDisposable;
        await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: false, cancellationToken);
        using KeyRing? keys = key is null ? null : await KeyRing.OpenAsync(storage, key, cancellationToken: cancellationToken);
        var catalog = new BackupCatalog(storage, output.Logger, keys);
        var backups = new List<ListedBackup>();
        await foreach (Backup backup in catalog.ListAsync(arguments.GetValue(_engine)?.ToText(), arguments.GetValue(_name), cancellationToken))
        {
            backups.Add(ListedBackup.Of(backup));
        }

        return new ListReport { Status = Report.CompleteStatus, Backups = backups };
    }
}
