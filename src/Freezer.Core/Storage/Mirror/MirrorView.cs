namespace Freezer.Storage;

/// <summary>A storage of a mirror, and what is known of it.</summary>
/// <param name="Index">Its place in the order of the storages.</param>
/// <param name="Name">What messages call it.</param>
/// <param name="Storage">The storage.</param>
/// <param name="Id">Who it says it is; <see langword="null"/> where it does not know, or cannot be asked.</param>
/// <param name="Problem">Why it is out; <see langword="null"/> for one that holds everything.</param>
internal sealed record MirrorSeat(int Index, string Name, IStorage Storage, Guid? Id, string? Problem)
{
    /// <summary>Whether it answers, and only lacks something.</summary>
    internal bool IsReachable { get; init; } = true;
}

/// <summary>What is known of the storages of a mirror at one moment.</summary>
/// <param name="seats">All of them, in order.</param>
/// <param name="quorum">How many have to take a write.</param>
/// <param name="isFounded">Whether the storages have been told of each other.</param>
internal sealed class MirrorView(IReadOnlyList<MirrorSeat> seats, int quorum, bool isFounded)
{
    internal IReadOnlyList<MirrorSeat> Seats => seats;

    internal int Quorum => quorum;

    internal bool IsFounded => isFounded;

    /// <summary>Those that hold everything, in order: the first one decides which of two writers wins.</summary>
    internal IReadOnlyList<MirrorSeat> Complete { get; } = [.. seats.Where(static seat => seat.Problem is null)];

    /// <summary>So many of any storages include one that took what was acknowledged.</summary>
    internal int Witnesses => seats.Count - quorum + 1;

    /// <summary>How many have to answer for it to be known what is there.</summary>
    internal int AnswersNeeded => Math.Min(Witnesses, Math.Max(Complete.Count, 1));

    internal IReadOnlyList<LaggingStorage> Lagging { get; } =
        [.. seats.Where(static seat => seat.Problem is not null).Select(static seat => new LaggingStorage(seat.Name, seat.Problem!))];

    /// <summary>Whether an object is there that so many of the answering storages have. A copy that nobody acknowledged, or that a storage
    /// kept when the others deleted it, is in the minority.</summary>
    internal static bool IsThere(int holders, int answers) => holders > 0 && 2 * holders >= answers;

    /// <summary>The object as the mirror shows it, of what each storage has of it, by its place.</summary>
    internal static StorageEntry Combine(StorageEntry?[] copies)
    {
        StorageEntry first = copies.First(static copy => copy is not null)!;
        return first with { Version = MirrorVersion.Join(copies) };
    }
}
