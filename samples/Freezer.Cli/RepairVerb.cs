using System.CommandLine;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Repairs the backups of a name.</summary>
internal sealed class RepairVerb : Verb
{
    private readonly Option<EngineName?> _engine = CommonOptions.OptionOf<EngineName?>(
        "--engine", "NAME", "Only the backups of this engine: tar or block.", static text => EngineNames.Parse(text));

    private readonly Option<DateTimeOffset?> _to = CommonOptions.OptionOf<DateTimeOffset?>(
        "--to", "TIME", "Repair the chain of the newest backup that is not newer: seconds since 1970, a date (its end), or a date and time (UTC without a zone).", static text => PointInTime.Parse(text));

    private readonly Option<bool> _all = new("--all") { Description = "Repair every chain of the name, rather than that of the newest backup." };

    internal RepairVerb()
        : base("repair", "Make backups whole again whose manifests or indexes are lost or damaged, from their archives. Nothing that is stored is changed or deleted.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Quorum);
        Add(CommonOptions.Name);
        Add(_engine);
        Add(CommonOptions.PassphraseFile);
        Add(CommonOptions.KeyFile);
        Add(_to);
        Add(_all);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        IKeyProvider? key = KeyOptions.Read(arguments);
        using var cleared = key as IDisposable;
        await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: false, cancellationToken);
        using KeyRing? keys = key is null ? null : await KeyRing.OpenAsync(storage, key, cancellationToken: cancellationToken);
        using ProgressLine? progress = output.ShowProgress("read");
        var options = new RepairOptions { To = arguments.GetValue(_to), All = arguments.GetValue(_all) };
        List<RepairResult> results = [];
        BackupNotFoundException? notFound = null;
        foreach (EngineName name in arguments.GetValue(_engine) is { } only ? [only] : Enum.GetValues<EngineName>())
        {
            try
            {
                BackupEngine engine = OpenEngine(name, storage, keys, output);
                results.Add(await engine.RepairAsync(arguments.GetRequiredValue(CommonOptions.Name), options, progress, cancellationToken));
            }
            catch (BackupNotFoundException exception)
            {
                notFound ??= exception;
            }
        }

        return results.Count > 0 ? RepairReport.Of(results) : throw notFound!;
    }
}
