namespace CustomEngine;

/// <summary>A table with its rows, indexes and triggers, or a view with its triggers.</summary>
/// <param name="Kind"><c>TABLE</c> or <c>VIEW</c>.</param>
/// <param name="Name">Its name.</param>
internal sealed record SqlItem(string Kind, string Name)
{
    /// <summary>What it is called in a manifest.</summary>
    internal string Identity => $"{Kind} {Name}";

    internal static string DropOf(string identity)
    {
        int space = identity.IndexOf(' ', StringComparison.Ordinal);
        return $"DROP {identity[..space]} IF EXISTS {Quote(identity[(space + 1)..])}";
    }

    internal static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
