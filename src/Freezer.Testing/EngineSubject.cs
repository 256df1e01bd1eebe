using Freezer.Storage;

namespace Freezer.Testing;

/// <summary>What the checks of an engine need from its author: resources to back up, changes to them, places to restore to, and how to tell
/// two of them apart.</summary>
/// <remarks>A check opens a subject for itself and disposes it at its end; what the subject made should be gone then. Calls come one after another.</remarks>
public abstract class EngineSubject : IAsyncDisposable
{
    /// <summary>What the engine does not promise; by default it promises everything.</summary>
    public virtual EngineTraits Traits { get; } = new();

    /// <summary>Makes the engine that is checked. Several of them work on one storage, one after another and side by side.</summary>
    /// <param name="storage">Where it keeps its backups.</param>
    /// <param name="options">What it works with: pass them on. Their clock is ahead of the system's, so that what was just written
    /// is not too fresh to be told from a later change.</param>
    public abstract BackupEngine CreateEngine(IStorage storage, BackupEngineOptions options);

    /// <summary>Makes a resource that the engine can back up.</summary>
    /// <param name="contentLength">About how many bytes it holds, of a kind that does not compress well; 0 for an empty resource.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What the engine is told to back up.</returns>
    public abstract Task<string> CreateResourceAsync(int contentLength, CancellationToken cancellationToken = default);

    /// <summary>Changes a small part of a resource in every way that there is: something is added, something removed that an earlier step added, something is
    /// changed and keeps its length.</summary>
    /// <param name="resource">A resource of this subject.</param>
    /// <param name="step">1, 2, 3 … Each step makes a state that the resource was never in.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public abstract Task ChangeResourceAsync(string resource, int step, CancellationToken cancellationToken = default);

    /// <summary>Names a place to restore to that nothing is at yet; another one each time.</summary>
    public abstract string NameDestination();

    /// <summary>Describes what a resource or a destination holds: the text is the same if and only if everything is the same that a
    /// restore has to bring back. A hash of names, contents and metadata will do; lines that a person can compare do better.</summary>
    /// <param name="resourceOrDestination">A resource, or a destination that may not be there.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The description, or <see langword="null"/> where nothing is at that place.</returns>
    public abstract Task<string?> DescribeAsync(string resourceOrDestination, CancellationToken cancellationToken = default);

    /// <summary>Removes what the subject made.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What an engine promises. Whatever it does not promise is not checked.</summary>
public sealed record EngineTraits
{
    /// <summary>Whether a resource may be empty; <see langword="true"/> by default.</summary>
    public bool TakesEmptyResources { get; init; } = true;

    /// <summary>Whether a level above 0 holds only what has changed, so that a small change makes a small backup; <see langword="true"/> by default.</summary>
    public bool StoresDifferences { get; init; } = true;

    /// <summary>Whether the engine refuses a destination that holds something, unless <see cref="RestoreOptions.Overwrite"/> is set; <see langword="true"/> by default.</summary>
    public bool ProtectsDestinations { get; init; } = true;

    /// <summary>Whether a restore with <see cref="RestoreOptions.Overwrite"/> makes of an earlier or a later state the one that is asked for; <see langword="true"/> by default.</summary>
    public bool RestoresOverStates { get; init; } = true;

    /// <summary>Whether the engine counts entries and bytes; <see langword="true"/> by default.</summary>
    public bool ReportsProgress { get; init; } = true;
}
