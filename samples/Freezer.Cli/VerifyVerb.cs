using System.CommandLine;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Verifies the backups of a name.</summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Option<EngineName?> _engine = CommonOptions.OptionOf<EngineName?>(
        "--engine", "NAME", "Only the backups of this engine: tar or block.", static text => EngineNames.Parse(text));

    private readonly Option<DateTimeOffset?> _to = CommonOptions.OptionOf<DateTimeOffset?>(
        "--to", "TIME", "Verify the newest backup that is not newer: seconds since 1970, a date (its end), or a date and time (UTC without a zone).", static text => PointInTime.Parse(text));

    private readonly Option<bool> _all = new("--all") { Description = "Verify every backup of the name, rather than the newest one and what it builds on." };

    private readonly Option<VerifyDepth?> _depth = CommonOptions.OptionOf<VerifyDepth?>(
        "--depth", "DEPTH", "structure (what is there), stored (every byte; the default; needs no key), or content (every file or block, as a restore would read it).", static text => ParseDepth(text));

    internal VerifyVerb()
        : base("verify", "Verify the newest backup of a name, that of a date, or all of them.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Name);
        Add(_engine);
        Add(CommonOptions.PassphraseFile);
        Add(CommonOptions.KeyFile);
        Add(_to);
        Add(_all);
        Add(_depth);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        IKeyProvider? key = KeyOptions.Read(arguments);
        using var cleared = key as IDisposable;
        await using IStorage storage = arguments.GetRequiredValue(CommonOptions.Storage).Open(mayCreate: false);
        using KeyRing? keys = key is null ? null : await KeyRing.OpenAsync(storage, key, cancellationToken: cancellationToken);
        using ProgressLine? progress = output.ShowProgress("verified");
        List<VerifyResult> results = [];
        BackupNotFoundException? notFound = null;
        foreach (EngineName name in arguments.GetValue(_engine) is { } only ? [only] : Enum.GetValues<EngineName>())
        {
            try
            {
                BackupEngine engine = OpenEngine(name, storage, keys, output);
                results.Add(await engine.VerifyAsync(arguments.GetRequiredValue(CommonOptions.Name), OptionsOf(arguments), progress, cancellationToken));
            }
            catch (BackupNotFoundException exception)
            {
                notFound ??= exception;
            }
        }

        return results.Count > 0 ? VerifyReport.Of(results) : throw notFound!;
    }

    private static VerifyDepth ParseDepth(string text) => text switch
    {
        "structure" => VerifyDepth.Structure,
        "stored" => VerifyDepth.Stored,
        "content" => VerifyDepth.Content,
        _ => throw new FormatException($"There is no depth '{text}'; there are structure, stored and content."),
    };

    private VerifyOptions OptionsOf(ParseResult arguments) => new()
    {
        Depth = arguments.GetValue(_depth) ?? VerifyOptions.Default.Depth,
        To = arguments.GetValue(_to),
        All = arguments.GetValue(_all),
    };
}
