using System.IO.Pipelines;
using Freezer.Engines.Tar.Verify;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar;

/// <content>The verifying half.</content>
public sealed partial class TarEngine
{
    /// <summary>Reads every file that a restore would write, and compares it with the digest in the manifest. Of a chain without manifests the
    /// archives are read to their ends, member by member.</summary>
    /// <param name="context">The chain, and where to report what is lost.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    protected override Task VerifyContentAsync(VerifyContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return TreeVerification.IsPossible(context)
            ? TreeVerification.RunAsync(context, cancellationToken)
            : VerifyMembersAsync(context, cancellationToken);
    }

    private static async Task VerifyMembersAsync(VerifyContext context, CancellationToken cancellationToken)
    {
        foreach (Backup level in context.VerifiedParent is null ? context.Chain : [context.Target])
        {
            try
            {
                await context.ReadArchiveAsync(level, (archive, token) => ReadMembersAsync(context, archive, token), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is BackupDamagedException or TarFormatException)
            {
                string reason = $"The archive of {level} cannot be read to its end: {exception.Message}";
                await context.ReportLostAsync(EntryPath.Root, level, 0, reason, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task ReadMembersAsync(VerifyContext context, PipeReader archive, CancellationToken cancellationToken)
    {
        var reader = new TarReader(archive);
        while (await reader.ReadEntryAsync(cancellationToken).ConfigureAwait(false) is { } entry)
        {
            context.ReportProgress(entry.StoredSize, 1);
        }
    }
}
