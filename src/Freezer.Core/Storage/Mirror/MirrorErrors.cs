namespace Freezer.Storage;

/// <summary>What a mirror says when it cannot go on.</summary>
internal static class MirrorErrors
{
    /// <summary>Too few storages took a change.</summary>
    /// <param name="key">The object.</param>
    /// <param name="quorum">How many are needed.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="failures">What the storages said that did not take it, by name.</param>
    /// <param name="indeterminate">Those in which it may have happened nevertheless, by name.</param>
    internal static StorageException BelowQuorum(
        StorageKey key, int quorum, int count, IReadOnlyList<(string Name, Exception Cause)> failures, IReadOnlyList<string> indeterminate)
    {
        string causes = string.Join("; ", failures.Select(static failure => $"{failure.Name}: {failure.Cause.Message}"));
        string left = indeterminate.Count == 0 ? "it was taken back from all others" : $"it is not known whether it happened in {string.Join(", ", indeterminate)}";
        return new StorageException(
            StorageErrorKind.BelowQuorum,
            key.Value,
            $"{quorum} of {count} storages are needed, and too few did it ({causes}); {left}",
            failures.Count > 0 && failures.All(static failure => failure.Cause is StorageException { IsTransient: true }),
            failures.Count > 0 ? failures[0].Cause : null);
    }

    /// <summary>Too few storages hold everything.</summary>
    internal static StorageException TooFewComplete(MirrorView view) => new(
        StorageErrorKind.BelowQuorum,
        null,
        $"{view.Quorum} of {view.Seats.Count} storages are needed, and {view.Complete.Count} hold everything ({string.Join("; ", view.Lagging)}); synchronise the mirror once they can be reached");

    /// <summary>Too few storages answer for it to be known what is there.</summary>
    internal static StorageException TooFewAnswers(string? key, int needed, int count, IReadOnlyList<(string Name, Exception Cause)> failures) => new(
        StorageErrorKind.BelowQuorum,
        string.IsNullOrEmpty(key) ? null : key,
        $"{needed} of {count} storages have to answer for it to be known what is there ({string.Join("; ", failures.Select(static failure => $"{failure.Name}: {failure.Cause.Message}"))}); open a storage alone to see what it holds",
        failures.Count > 0 && failures.All(static failure => failure.Cause is StorageException { IsTransient: true }),
        failures.Count > 0 ? failures[0].Cause : null);
}
