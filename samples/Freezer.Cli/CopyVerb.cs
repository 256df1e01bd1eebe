using System.CommandLine;
using Freezer.Catalog;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Copies a backup and all that it builds on to another storage.</summary>
internal sealed class CopyVerb : Verb
{
    private readonly Option<DateTimeOffset?> _to = CommonOptions.OptionOf<DateTimeOffset?>(
        "--to", "TIME", "Copy the newest backup that is not newer: seconds since 1970, a date (its end), or a date and time (UTC without a zone).", static text => PointInTime.Parse(text));

    private readonly Argument<StorageAddress> _destination = new("DESTINATION")
    {
        Description = $"The other storage: {StorageAddress.Forms}.",
        CustomParser = static result => ArgumentParser.TryParse(result, StorageAddress.Parse, result.Tokens[0].Value, out StorageAddress? address) ? address : null,
    };

    internal CopyVerb()
        : base("copy", "Copy the newest backup of a name, or that of a date, with all that it builds on, to another storage.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Quorum);
        Add(CommonOptions.Name);
        Add(CommonOptions.Engine);
        Add(_to);
        Add(_destination);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: false, cancellationToken);
        var catalog = new BackupCatalog(storage, output.Logger);
        Backup backup = await FindAsync(catalog, arguments, cancellationToken);
        StorageAddress address = arguments.GetRequiredValue(_destination);
        await using IStorage destination = await address.OpenAsync(mayCreate: true, cancellationToken);
        using ProgressLine? progress = output.ShowProgress("copied");
        return CopyReport.Of(await catalog.CopyAsync(backup, destination, progress, cancellationToken), address.Text);
    }

    protected override string CancelledText(ParseResult arguments) => "The copy was cancelled. What was copied stays, and the next copy goes on from there.";

    private async Task<Backup> FindAsync(BackupCatalog catalog, ParseResult arguments, CancellationToken cancellationToken)
    {
        string engine = arguments.GetValue(CommonOptions.Engine).ToText();
        string name = arguments.GetRequiredValue(CommonOptions.Name);
        Backup? newest = null;
        await foreach (Backup backup in catalog.ListAsync(engine, name, cancellationToken))
        {
            if (arguments.GetValue(_to) is not { } to || backup.Timestamp <= to)
            {
                newest = backup;
            }
        }

        return newest ?? throw await NamingEngineAsync(
            new BackupNotFoundException($"There is no {engine} backup of the name '{name}' in this storage, or none as old as that."), arguments, catalog, cancellationToken);
    }
}
