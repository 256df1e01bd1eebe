using System.CommandLine;
using System.CommandLine.Parsing;

namespace Freezer.Cli;

/// <summary>Finds what is wrong with a command line.</summary>
internal static class CommandLineErrors
{
    /// <summary>What the runtime puts in the place of bytes that are not UTF-8.</summary>
    private const char NotText = '\uFFFD';

    /// <summary>Says the first thing that is wrong, or <see langword="null"/>.</summary>
    internal static string? Find(ParseResult arguments, string[] args)
    {
        if (args.FirstOrDefault(static argument => argument.Contains(NotText, StringComparison.Ordinal)) is { } garbled)
        {
            return $"The argument '{garbled}' is not UTF-8 text, so that nothing can be found by it. (In --include a byte is written \\xHH; a directory can be reached through a link with another name.)";
        }

        // The parser takes an option that it does not know for an argument: a mistyped --exclude would be one more source.
        if (FindUnknownOption(arguments, args) is { } unknown)
        {
            return $"There is no option {unknown}. (An argument that begins with a hyphen stands after --.)";
        }

        if (arguments.Errors.Count == 0)
        {
            return null;
        }

        return arguments.CommandResult.Command is { Subcommands.Count: > 0 } parent ? NameVerbs(parent, arguments.UnmatchedTokens) : arguments.Errors[0].Message;
    }

    private static string NameVerbs(Command parent, IReadOnlyList<string> unknown)
    {
        string verbs = string.Join(", ", parent.Subcommands.Select(static verb => verb.Name));
        return unknown.Count == 0 ? $"Say what to do: {verbs}." : $"There is no verb '{unknown[0]}'; there are {verbs}.";
    }

    private static string? FindUnknownOption(ParseResult arguments, string[] args)
    {
        int end = Array.IndexOf(args, "--");
        int afterEnd = end < 0 ? 0 : args.Length - end - 1;
        foreach (Argument argument in arguments.CommandResult.Command.Arguments)
        {
            IReadOnlyList<Token> tokens = arguments.GetResult(argument)?.Tokens ?? [];
            for (int i = 0; i < tokens.Count - afterEnd; i++)
            {
                if (tokens[i].Value is ['-', _, ..])
                {
                    return tokens[i].Value;
                }
            }
        }

        return arguments.UnmatchedTokens.FirstOrDefault(static token => token is ['-', _, ..]);
    }
}
