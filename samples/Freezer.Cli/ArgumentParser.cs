using System.CommandLine.Parsing;

namespace Freezer.Cli;

/// <summary>Makes values of what stands on the command line, and errors of what cannot be one.</summary>
internal static class ArgumentParser
{
    internal static bool TryParse<T>(ArgumentResult result, Func<string, T> parse, string text, out T? value)
    {
        try
        {
            value = parse(text);
            return true;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            value = default;
            string option = result.Parent is OptionResult parent ? $"{parent.Option.Name}: " : "";
            result.AddError($"{option}{Failure.Describe(exception)}");
            return false;
        }
    }

    internal static T[] ParseAll<T>(ArgumentResult result, Func<string, T> parse)
    {
        var values = new List<T>(result.Tokens.Count);
        foreach (Token token in result.Tokens)
        {
            if (TryParse(result, parse, token.Value, out T? value))
            {
                values.Add(value!);
            }
        }

        return [.. values];
    }
}
