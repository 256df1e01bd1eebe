namespace Freezer.Engines.BlockDiff;

/// <summary>A manifest breaks the rules of its format, or ends too early. Whoever knows whose manifest it is says so.</summary>
internal sealed class BlockManifestException(string message) : IOException(message)
{
    /// <summary>The error as the user meets it.</summary>
    internal BackupDamagedException Of(Backup backup) => new($"The manifest of {backup} cannot be used: {Message}", this);
}
