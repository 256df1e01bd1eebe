namespace Freezer.Storage;

/// <summary>The ability of a storage to keep several copies of each object. See <see cref="IStorage.GetFeature{TFeature}"/>.</summary>
/// <remarks>Whoever finds that what was read is not what was written asks one copy after another, and takes the first that is sound. Whoever has
/// written something sees here whether all copies have it.</remarks>
public interface IReplicatedStorage
{
    /// <summary>Each copy as a storage of its own, to read from. The list is constant, and the storages stay the replicated storage's.</summary>
    IReadOnlyList<IStorage> Copies { get; }

    /// <summary>The copies that lack something, as far as it is known here; empty as it should be.</summary>
    IReadOnlyList<LaggingStorage> Lagging { get; }
}

/// <summary>A copy that lacks something, and is out until it is brought up to date.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Reason">Why it is out.</param>
public sealed record LaggingStorage(string Name, string Reason)
{
    /// <summary>For example <c>attic: it cannot be reached</c>.</summary>
    public override string ToString() => $"{Name}: {Reason}";
}
