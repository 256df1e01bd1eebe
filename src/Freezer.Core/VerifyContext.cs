using Freezer.Catalog;

namespace Freezer;

/// <summary>What an engine works with while it verifies the content of one backup. Reporting is safe from any thread.</summary>
/// <remarks>What is damaged in the storage surfaces from reading as a <see cref="BackupDamagedException"/>. Report what is lost by it and go
/// on; other failures are none of the content, and end the verification.</remarks>
public sealed class VerifyContext : ChainContext
{
    private readonly ContentVerification _verification;

    internal VerifyContext(ContentVerification verification)
        : base(verification) => _verification = verification;

    /// <summary>The parent, where all of its content was found sound just now: what it has in common with this backup need not be read again.
    /// Otherwise <see langword="null"/>, and everything that a restore needs is read.</summary>
    public Backup? VerifiedParent => _verification.VerifiedParent;

    /// <summary>Reports an entry that cannot be restored.</summary>
    /// <param name="path">The entry; the root for all of them, or for what has no paths.</param>
    /// <param name="origin">The level whose archive should hold the content.</param>
    /// <param name="offset">Where it should be, counted in that archive as the engine wrote it.</param>
    /// <param name="reason">What is lost or why, for people.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public ValueTask ReportLostAsync(EntryPath path, Backup origin, long offset, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(reason);
        return _verification.AddLostAsync(path, origin, offset, reason, cancellationToken);
    }

    /// <summary>Counts what was verified.</summary>
    /// <param name="bytes">Bytes of content since the last call.</param>
    /// <param name="entries">Entries (or blocks) since the last call.</param>
    /// <param name="current">The entry at hand.</param>
    public void ReportProgress(long bytes, long entries, EntryPath current = default) => _verification.Report.Add(bytes, entries, current);
}
