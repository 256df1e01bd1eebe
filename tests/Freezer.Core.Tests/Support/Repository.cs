namespace Freezer.Tests.Support;

/// <summary>The working tree that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its top directory.</summary>
    internal static string Root { get; } = Find();

    internal static string PathOf(params string[] segments) => Path.Combine([Root, .. segments]);

    private static string Find()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Freezer.Core.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new DirectoryNotFoundException($"Freezer.Core.sln stands in no directory above {AppContext.BaseDirectory}.");
    }
}
