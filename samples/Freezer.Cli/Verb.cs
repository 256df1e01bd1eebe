using System.CommandLine;
using Freezer.Catalog;
using Freezer.Engines.BlockDiff;
using Freezer.Engines.Tar;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>What the program can be asked to do. However it ends, it ends with one report and its exit status.</summary>
internal abstract class Verb : Command
{
    protected Verb(string name, string description)
        : base(name, description) => SetAction(RunAsync);

    /// <summary>Does it.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="output">Where progress and log messages go.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl-C.</param>
    protected abstract Task<Report> DoAsync(ParseResult arguments, Output output, CancellationToken cancellationToken);

    /// <summary>What there is once it was cancelled, and what to do.</summary>
    /// <param name="arguments">The command line.</param>
    protected virtual string CancelledText(ParseResult arguments) => "It was cancelled.";

    protected static Task<IStorage> OpenStorageAsync(ParseResult arguments, bool mayCreate, CancellationToken cancellationToken) => StorageAddress.OpenAsync(
        arguments.GetRequiredValue(CommonOptions.Storage), arguments.GetValue(CommonOptions.Quorum), mayCreate, cancellationToken);

    protected static BackupEngine OpenEngine(EngineName engine, IStorage storage, KeyRing? keys, Output output, TarEngineOptions? tarOptions = null)
    {
        var options = new BackupEngineOptions { Logger = output.Logger, Keys = keys };
        return engine == EngineName.Tar ? new TarEngine(storage, tarOptions, options) : new BlockDiffEngine(storage, null, options);
    }

    /// <summary>Where there is no backup of an engine that nobody named, but one of the other: says so.</summary>
    protected static async Task<BackupNotFoundException> NamingEngineAsync(
        BackupNotFoundException notFound, ParseResult arguments, BackupCatalog catalog, CancellationToken cancellationToken)
    {
        string name = arguments.GetRequiredValue(CommonOptions.Name);
        if (arguments.GetResult(CommonOptions.Engine) is { Implicit: false } || await AnyAsync(EngineName.Tar) || !await AnyAsync(EngineName.Block))
        {
            return notFound;
        }

        return new BackupNotFoundException($"{notFound.Message} There are backups of a volume under this name: give --engine block.", notFound);

        async Task<bool> AnyAsync(EngineName engine)
        {
            await foreach (Backup backup in catalog.ListAsync(engine.ToText(), name, cancellationToken))
            {
                return true;
            }

            return false;
        }
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var output = Output.For(arguments);
        try
        {
            return output.Write(await DoAsync(arguments, output, cancellationToken));
        }
        catch (ArgumentException exception)
        {
            return output.WriteWrongUsage(Failure.Describe(exception), this, exception);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            return output.Write(FailureReport.Of(arguments, exception) with { Error = CancelledText(arguments) });
        }
        catch (Exception exception)
        {
            return output.Write(FailureReport.Of(arguments, exception));
        }
    }
}
