using System.CommandLine;
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

    protected static Task<IStorage> OpenStorageAsync(ParseResult arguments, bool mayCreate, CancellationToken cancellationToken) => StorageAddress.OpenAsync(
        arguments.GetRequiredValue(CommonOptions.Storage), arguments.GetValue(CommonOptions.Quorum), mayCreate, cancellationToken);

    protected static BackupEngine OpenEngine(EngineName engine, IStorage storage, KeyRing? keys, Output output, TarEngineOptions? tarOptions = null)
    {
        var options = new BackupEngineOptions { Logger = output.Logger, Keys = keys };
        return engine == EngineName.Tar ? new TarEngine(storage, tarOptions, options) : new BlockDiffEngine(storage, null, options);
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
        catch (Exception exception)
        {
            return output.Write(FailureReport.Of(arguments, exception));
        }
    }
}
