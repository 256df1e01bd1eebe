namespace Freezer.Engines.BlockDiff;

public sealed partial class BlockDiffEngine
{
    /// <summary>Reads every block that a restore would write, and compares it with the digest in the manifest. Of a chain without a manifest the archives
    /// are read to their ends.</summary>
    /// <param name="context">The chain, and where to report what is lost.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    protected override Task VerifyContentAsync(VerifyContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.HasManifest(context.Target)
            ? BlockVerification.RunAsync(context, cancellationToken)
            : base.VerifyContentAsync(context, cancellationToken);
    }
}
