namespace Freezer.Testing;

/// <summary>What goes wrong, and at which call.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Call">The call that it happens to.</param>
/// <param name="Place">The byte, or the bit, that it happens at, where the kind has one.</param>
/// <param name="Error">What is thrown, where the kind throws.</param>
internal sealed record Fault(FaultKind Kind, FaultCall Call, long Place, Exception Error)
{
    /// <summary>Whether the fault needs the content of a read or a write to happen.</summary>
    internal bool IsOfContent => Kind is FaultKind.FailAfterBytes or FaultKind.Truncate or FaultKind.FlipBit;

    internal bool CanHappenTo(StorageVerb verb) => Kind switch
    {
        FaultKind.Truncate or FaultKind.FlipBit => verb is StorageVerb.Write or StorageVerb.Read,
        FaultKind.Duplicate or FaultKind.ListLate => verb is StorageVerb.List,
        _ => true,
    };

    public override string ToString() => $"{Kind} at {Call}";
}

internal enum FaultKind
{
    /// <summary>It fails and does nothing.</summary>
    Fail,

    /// <summary>It does everything, and fails.</summary>
    LoseAnswer,

    /// <summary>It fails once so many bytes have passed.</summary>
    FailAfterBytes,

    /// <summary>It waits until it is cancelled.</summary>
    Hang,

    /// <summary>It takes, or delivers, so many bytes and says that this was all.</summary>
    Truncate,

    /// <summary>It changes one bit of the content.</summary>
    FlipBit,

    /// <summary>It shows every entry twice.</summary>
    Duplicate,

    /// <summary>It does not show the object that was written last.</summary>
    ListLate,
}
