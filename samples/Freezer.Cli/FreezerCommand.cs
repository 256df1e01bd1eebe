using System.CommandLine;
using System.CommandLine.Parsing;

namespace Freezer.Cli;

/// <summary>The program: its verbs, and what is the same for all of them.</summary>
internal sealed class FreezerCommand : RootCommand
{
    private FreezerCommand()
        : base("Full and incremental backups of directory trees and volumes, in formats that other tools read.")
    {
        Directives.Clear();
        Add(CommonOptions.Json);
        Add(CommonOptions.Verbose);
        Add(new BackupVerb());
        Add(new RestoreVerb());
        Add(new ListVerb());
        Add(new VerifyVerb());
        Add(new RepairVerb());
        Add(new KeyCommand());
        Add(new CopyVerb());
        Add(new SyncVerb());
    }

    /// <summary>Runs the program.</summary>
    /// <param name="args">Its command line.</param>
    /// <returns>An <see cref="ExitStatus"/>.</returns>
    internal static async Task<int> RunAsync(string[] args)
    {
        // An argument is what it says: neither a bundle of letters nor a file of more arguments.
        var parser = new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null };
        ParseResult arguments = new FreezerCommand().Parse(args, parser);
        var output = Output.For(arguments);
        if (CommandLineErrors.Find(arguments, args) is { } error)
        {
            return output.WriteWrongUsage(error, arguments.CommandResult.Command);
        }

        using var interruption = new Interruption();
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return await arguments.InvokeAsync(invocation, interruption.Token);
    }
}
