using System.CommandLine;
using Freezer.Catalog;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Restores a backup and all that it builds on.</summary>
internal sealed class RestoreVerb : Verb
{
    private readonly Option<DateTimeOffset?> _to = CommonOptions.OptionOf<DateTimeOffset?>(
        "--to", "TIME", "Restore the newest backup that is not newer: seconds since 1970, a date (its end), or a date and time (UTC without a zone).", static text => PointInTime.Parse(text));

    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Write over a destination that is not empty. What the backups never held is not removed." };

    private readonly Option<EntryPath[]> _include = CommonOptions.RepeatableOptionOf(
        "--include", "PATH", "Only this path, relative to the source, and what is below it. May be given several times.", EntryPath.Parse);

    private readonly Option<bool> _untrusted = new("--untrusted") { Description = "Leave out devices and set-uid bits, and set limits to what is read: somebody else made the backup." };

    private readonly Option<long?> _mostContent = CommonOptions.OptionOf<long?>(
        "--most-content", "SIZE", "As --untrusted, and fail where more than so many bytes are decompressed: a number, or one with K, M, G or T behind it. 16T by default.", static text => Numbers.ParseSize(text));

    private readonly Option<bool> _strict = new("--strict") { Description = "Count metadata that this user may not set as skipped." };

    private readonly Option<bool> _skipDamaged = new("--skip-damaged") { Description = "Restore what is sound of a damaged backup, and count what is lost as skipped." };

    private readonly Argument<string> _destination = new("DESTINATION") { Description = "Where to restore to: a directory or a volume." };

    internal RestoreVerb()
        : base("restore", "Restore the newest backup of a name, or that of a date.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Quorum);
        Add(CommonOptions.Name);
        Add(CommonOptions.Engine);
        Add(CommonOptions.PassphraseFile);
        Add(CommonOptions.KeyFile);
        Add(_to);
        Add(_overwrite);
        Add(_include);
        Add(_untrusted);
        Add(_mostContent);
        Add(_strict);
        Add(_skipDamaged);
        Add(_destination);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        string destination = arguments.GetRequiredValue(_destination);
        IKeyProvider? key = KeyOptions.Read(arguments);
        using var cleared = key as IDisposable;
        await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: false, cancellationToken);
        using KeyRing? keys = key is null ? null : await KeyRing.OpenAsync(storage, key, cancellationToken: cancellationToken);
        BackupEngine engine = OpenEngine(arguments.GetValue(CommonOptions.Engine), storage, keys, output);
        using ProgressLine? progress = output.ShowProgress("fetched");
        try
        {
            RestoreResult result = await engine.RestoreAsync(
                arguments.GetRequiredValue(CommonOptions.Name), destination, OptionsOf(arguments), progress, cancellationToken);
            return RestoreReport.Of(result, destination);
        }
        catch (BackupNotFoundException exception)
        {
            throw await NamingEngineAsync(exception, arguments, new BackupCatalog(storage, output.Logger, keys), cancellationToken);
        }
    }

    protected override string CancelledText(ParseResult arguments) =>
        $"The restore was cancelled: '{arguments.GetValue(_destination)}' does not hold all of the backup. Restore it again, with --overwrite where something is there.";

    private RestoreOptions OptionsOf(ParseResult arguments) => new()
    {
        To = arguments.GetValue(_to),
        Overwrite = arguments.GetValue(_overwrite),
        Include = arguments.GetRequiredValue(_include),
        Untrusted = arguments.GetValue(_untrusted) || arguments.GetValue(_mostContent) is not null,
        Limits = arguments.GetValue(_mostContent) is { } most ? ReaderLimits.Default with { MostContent = most } : ReaderLimits.Default,
        Strict = arguments.GetValue(_strict),
        SkipDamaged = arguments.GetValue(_skipDamaged),
    };
}
