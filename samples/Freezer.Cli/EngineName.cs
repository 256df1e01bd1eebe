namespace Freezer.Cli;

/// <summary>The engines that the program has.</summary>
internal enum EngineName
{
    Tar,
    Block,
}

/// <summary>The engines' names as the command line and the storage have them.</summary>
internal static class EngineNames
{
    internal static EngineName Parse(string text) => text switch
    {
        "tar" => EngineName.Tar,
        "block" => EngineName.Block,
        _ => throw new FormatException($"There is no engine '{text}'; there are tar and block."),
    };

    internal static string ToText(this EngineName engine) => engine == EngineName.Tar ? "tar" : "block";
}
