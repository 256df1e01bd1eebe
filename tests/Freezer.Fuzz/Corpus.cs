namespace Freezer.Fuzz;

/// <summary>The inputs that a run begins with, and those that once were findings: one file each, in a folder for each target.</summary>
internal sealed class Corpus(string root)
{
    /// <summary>The inputs of a target, in the order of their names.</summary>
    internal IReadOnlyList<(string Name, byte[] Input)> Of(FuzzTarget target) =>
        [.. Directory.GetFiles(Path.Combine(root, target.Name)).Order(StringComparer.Ordinal).Select(static file => (Path.GetFileName(file), File.ReadAllBytes(file)))];
}
