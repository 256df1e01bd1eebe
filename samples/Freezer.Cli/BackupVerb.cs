using System.CommandLine;
using Freezer.Engines.Tar;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Takes one backup.</summary>
internal sealed class BackupVerb : Verb
{
    private readonly Option<bool> _full = new("--full") { Description = "Take a full backup, whatever there is to build on." };

    private readonly Option<int> _maxLevel =
        CommonOptions.OptionOf("--max-level", "N", "After a backup of level N comes a full one.", Numbers.ParseLevel);

    private readonly Option<int> _alwaysLevel =
        CommonOptions.OptionOf("--always-level", "N", "Levels rise to N; from then on every backup has level N.", Numbers.ParseLevel);

    private readonly Option<TimeSpan?> _restartAlwaysLevel = CommonOptions.OptionOf<TimeSpan?>(
        "--restart-always-level", "DAYS", "A full backup once the newest one is so many days old.", static text => Numbers.ParseDays(text));

    private readonly Option<Compression> _compression =
        CommonOptions.OptionOf("--compression", "NAME[:LEVEL]", "none, gzip, zstd, bzip2 or xz; zstd by default, or gzip where its library is missing.", CompressionNames.Parse);

    private readonly Option<string[]> _exclude =
        CommonOptions.RepeatableOptionOf("--exclude", "PATTERN", "Leave out what matches, as in a .gitignore file. May be given several times.", static text => text);

    private readonly Option<bool> _oneFileSystem = new("--one-file-system") { Description = "Leave out what other file systems hold that are mounted below the source." };

    private readonly Option<bool> _excludeCaches = new("--exclude-caches") { Description = "Leave out what directories with a CACHEDIR.TAG hold." };

    private readonly Option<int?> _queueSize =
        CommonOptions.OptionOf<int?>("--queue-size", "BYTES", "How much may wait between two stages.", static text => Numbers.ParseByteCount(text));

    private readonly Option<bool> _failOnSkip = new("--fail-on-skip") { Description = "Fail where an entry cannot be read, rather than skipping it." };

    private readonly Argument<string[]> _source = new("SOURCE") { Description = "What to back up: directories or files, or one volume. A storage below it is left out.", Arity = ArgumentArity.OneOrMore };

    internal BackupVerb()
        : base("backup", "Take a backup: an incremental on the newest one of the name, or a full one where there is none.")
    {
        Add(CommonOptions.Storage);
        Add(CommonOptions.Quorum);
        Add(CommonOptions.Name);
        Add(CommonOptions.Engine);
        Add(CommonOptions.PassphraseFile);
        Add(CommonOptions.KeyFile);
        Add(_full);
        Add(_maxLevel);
        Add(_alwaysLevel);
        Add(_restartAlwaysLevel);
        Add(_compression);
        Add(_exclude);
        Add(_oneFileSystem);
        Add(_excludeCaches);
        Add(_queueSize);
        Add(_failOnSkip);
        Add(_source);
    }

    protected override async Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        EngineName engineName = arguments.GetValue(CommonOptions.Engine);
        string resource = ResourceOf(engineName, arguments);
        TarEngineOptions? tarOptions = engineName == EngineName.Tar ? TarOptionsOf(arguments) : null;
        BackupOptions options = OptionsOf(arguments);
        IKeyProvider? key = KeyOptions.Read(arguments);
        using var cleared = key as IDisposable;
        await using IStorage storage = await OpenStorageAsync(arguments, mayCreate: true, cancellationToken);
        using KeyRing? keys = key is null ? null : await KeyRing.OpenOrCreateAsync(storage, key, cancellationToken: cancellationToken);
        BackupEngine engine = OpenEngine(engineName, storage, keys, output, tarOptions);
        using ProgressLine? progress = output.ShowProgress("stored");
        BackupResult result = await engine.BackupAsync(
            resource, arguments.GetRequiredValue(CommonOptions.Name), options, progress, cancellationToken);
        return BackupReport.Of(result);
    }

    protected override string CancelledText(ParseResult arguments) => "The backup was cancelled: nothing of it is listed. Take it again.";

    private string ResourceOf(EngineName engine, ParseResult arguments)
    {
        string[] sources = arguments.GetRequiredValue(_source);
        if (engine == EngineName.Tar)
        {
            return sources.Length == 1 ? sources[0] : TarEngine.JoinSources(sources);
        }

        if (sources.Length > 1)
        {
            throw new ArgumentException("The engine block backs up one volume; give one SOURCE.");
        }

        foreach (Option option in (Option[])[_exclude, _oneFileSystem, _excludeCaches])
        {
            if (arguments.GetResult(option) is { Implicit: false })
            {
                throw new ArgumentException($"{option.Name} is an option of the engine tar.");
            }
        }

        return sources[0];
    }

    private BackupOptions OptionsOf(ParseResult arguments)
    {
        var options = new BackupOptions
        {
            NoIncremental = arguments.GetValue(_full),
            MaxLevel = arguments.GetValue(_maxLevel),
            AlwaysLevel = arguments.GetValue(_alwaysLevel),
            RestartAlwaysLevel = arguments.GetValue(_restartAlwaysLevel),
            Compression = arguments.GetValue(_compression),
            FailOnSkip = arguments.GetValue(_failOnSkip),
        };
        return arguments.GetValue(_queueSize) is { } queueSize ? options with { QueueSize = queueSize } : options;
    }

    private TarEngineOptions TarOptionsOf(ParseResult arguments) => new()
    {
        Exclude = [.. arguments.GetRequiredValue(_exclude), .. OwnStorage.PatternsFor(arguments.GetRequiredValue(_source), arguments.GetRequiredValue(CommonOptions.Storage))],
        OneFileSystem = arguments.GetValue(_oneFileSystem),
        ExcludeCacheDirectories = arguments.GetValue(_excludeCaches),
    };
}
