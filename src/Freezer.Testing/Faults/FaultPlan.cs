using Freezer.Storage;

namespace Freezer.Testing;

/// <summary>What is to go wrong in a <see cref="FaultyStorage"/>, and when. Each method adds one fault and returns the plan.</summary>
/// <remarks>Each fault happens once. A plan can be used for any number of storages; do not add to it meanwhile.</remarks>
public sealed class FaultPlan
{
    private readonly List<Fault> _faults = [];

    /// <summary>What the faults throw that are given nothing else to throw: look for it among the causes of what surfaces.</summary>
    public StorageException Error { get; init; } = new(StorageErrorKind.Unavailable, null, "This was planned.");

    internal IReadOnlyList<Fault> Faults => _faults;

    /// <summary>One failure that a seed chooses: of which call, and whether before, amid or after what it does.</summary>
    /// <param name="seed">The same seed makes the same plan.</param>
    /// <param name="calls">The call is one of the first so many.</param>
    public static FaultPlan Seeded(int seed, int calls = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(calls);
        var random = new Random(seed);
        int call = random.Next(calls) + 1;
        var plan = new FaultPlan();
        return random.Next(3) switch
        {
            0 => plan.FailCall(call),
            1 => plan.LoseAnswer(call),
            _ => plan.FailAfterBytes(call, random.Next(4_096)),
        };
    }

    /// <summary>A call fails and does nothing.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="error">What it throws; <see langword="null"/> for <see cref="Error"/>.</param>
    public FaultPlan FailCall(FaultCall call, Exception? error = null) => Add(FaultKind.Fail, call, error: error);

    /// <summary>A call does everything and fails then: its answer is lost.</summary>
    /// <param name="call">Which one.</param>
    public FaultPlan LoseAnswer(FaultCall call) => Add(FaultKind.LoseAnswer, call);

    /// <summary>A write or a read fails once so many bytes have passed. A call without content fails at once.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="bytes">How many bytes pass before.</param>
    public FaultPlan FailAfterBytes(FaultCall call, long bytes) => Add(FaultKind.FailAfterBytes, call, bytes);

    /// <summary>A call does nothing and waits until it is cancelled.</summary>
    /// <param name="call">Which one.</param>
    public FaultPlan Hang(FaultCall call) => Add(FaultKind.Hang, call);

    /// <summary>A read delivers so many bytes, and says that this was all there is to it.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="bytes">How many bytes it delivers.</param>
    public FaultPlan ShortRead(FaultCall call, long bytes) => Add(FaultKind.Truncate, call, bytes);

    /// <summary>A write stores so many bytes, and acknowledges all of them.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="bytes">How many bytes it stores.</param>
    public FaultPlan Truncate(FaultCall call, long bytes) => Add(FaultKind.Truncate, call, bytes);

    /// <summary>A write stores, or a read delivers, one bit that is another.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="bit">Which bit, counted from 0, the lowest of a byte first.</param>
    public FaultPlan FlipBit(FaultCall call, long bit) => Add(FaultKind.FlipBit, call, bit);

    /// <summary>A listing shows every entry twice.</summary>
    /// <param name="call">Which one.</param>
    public FaultPlan Duplicate(FaultCall call) => Add(FaultKind.Duplicate, call);

    /// <summary>A listing does not show yet what was written last.</summary>
    /// <param name="call">Which one.</param>
    public FaultPlan ListLate(FaultCall call) => Add(FaultKind.ListLate, call);

    private FaultPlan Add(FaultKind kind, FaultCall call, long place = 0, Exception? error = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(call.Ordinal, nameof(call));
        _faults.Add(new Fault(kind, call, place, error ?? Error));
        return this;
    }
}
