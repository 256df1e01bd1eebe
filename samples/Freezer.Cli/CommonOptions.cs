using System.CommandLine;

namespace Freezer.Cli;

/// <summary>The options that several verbs have.</summary>
internal static class CommonOptions
{
    internal static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document on standard output.", Recursive = true };

    internal static Option<bool> Verbose { get; } = new("--verbose") { Description = "Tell what happens, and where an error comes from.", Recursive = true };

    internal static Option<StorageAddress[]> Storage { get; } = new("--storage")
    {
        HelpName = "URI",
        Description = $"Where the backups are: {StorageAddress.Forms}. Several of them are a mirror; give them always in the same order.",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = static result => ArgumentParser.ParseAll(result, StorageAddress.Parse),
    };

    internal static Option<int?> Quorum { get; } = OptionOf<int?>(
        "--quorum", "M", "How many storages of a mirror have to take each write: more than half of them; all by default.", static text => Numbers.ParseLevel(text));

    internal static Option<string> Name { get; } = OptionOf("--name", "NAME", "The name of the backups.", static text => text, isRequired: true);

    internal static Option<EngineName> Engine { get; } =
        OptionOf("--engine", "NAME", $"What the backups are of: tar for directory trees (the default), block for volumes.", EngineNames.Parse);

    internal static Option<string> PassphraseFile { get; } =
        OptionOf("--passphrase-file", "FILE", "The passphrase of an encrypted repository: the first line of this file.", static text => text);

    internal static Option<string> KeyFile { get; } =
        OptionOf("--key-file", "FILE", "The key of an encrypted repository: the 32 bytes of this file.", static text => text);

    /// <summary>An option with a value, whose parser says in its exception what is wrong with it.</summary>
    internal static Option<T> OptionOf<T>(string name, string valueName, string description, Func<string, T> parse, bool isRequired = false) => new(name)
    {
        HelpName = valueName,
        Description = description,
        Required = isRequired,
        CustomParser = result => ArgumentParser.TryParse(result, parse, result.Tokens[0].Value, out T? value) ? value : default,
    };

    /// <summary>An option that may be given several times.</summary>
    internal static Option<T[]> RepeatableOptionOf<T>(string name, string valueName, string description, Func<string, T> parse) => new(name)
    {
        HelpName = valueName,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => ArgumentParser.ParseAll(result, parse),
        DefaultValueFactory = static _ => [],
    };
}
