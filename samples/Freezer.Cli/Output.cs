using System.CommandLine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Freezer.Cli;

/// <summary>How one run of the program talks: one JSON document on standard output, or text for people.</summary>
internal sealed class Output
{
    private readonly bool _json;
    private readonly bool _verbose;

    private Output(bool json, bool verbose)
    {
        _json = json;
        _verbose = verbose;
        Logger = verbose ? new StandardErrorLogger() : NullLogger.Instance;
    }

    /// <summary>Where the library's log messages go.</summary>
    internal ILogger Logger { get; }

    internal static Output For(ParseResult arguments) => new(
        arguments.GetResult(CommonOptions.Json) is { Implicit: false }, arguments.GetResult(CommonOptions.Verbose) is { Implicit: false });

    /// <summary>A line that shows how far it is, where somebody looks at a terminal.</summary>
    /// <param name="transferred">What is done with the bytes of the storage.</param>
    internal ProgressLine? ShowProgress(string transferred) =>
        _json || _verbose || Console.IsErrorRedirected ? null : new ProgressLine(Console.Error, transferred);

    /// <summary>Ends the run with a report.</summary>
    /// <returns>The exit status.</returns>
    internal int Write(Report report)
    {
        try
        {
            if (_json)
            {
                Console.Out.WriteLine(report.ToJson());
            }

            // A person sees every report; whoever reads the document still finds in a log why the run failed.
            if (!_json || (_verbose && report is FailureReport))
            {
                report.Write(new PeopleText(report is FailureReport ? Console.Error : Console.Out), _verbose);
            }

            return report.ExitStatus;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return TellOfLostReport(report, exception);
        }
    }

    /// <summary>What was done is done, but whoever asked for it does not hear of it: that is a failure too.</summary>
    private static int TellOfLostReport(Report report, Exception cause)
    {
        try
        {
            Console.Error.WriteLine(PeopleText.Printable($"freezer: It ended with the status '{report.Status}', but the report cannot be written: {Failure.Describe(cause)}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody can be told: the exit status has to do.
            return ExitStatus.Failed;
        }

        return ExitStatus.Failed;
    }

    /// <summary>Ends the run since the command line asks for what cannot be.</summary>
    /// <returns>The exit status.</returns>
    internal int WriteWrongUsage(string error, Command command, Exception? cause = null)
    {
        Write(new FailureReport { Status = Report.FailedStatus, Error = error, Cause = cause });
        if (!_json)
        {
            string verb = command is RootCommand ? "" : $"{command.Name} ";
            Console.Error.WriteLine($"See freezer {verb}--help.");
        }

        return ExitStatus.WrongUsage;
    }
}
