using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Freezer;

namespace CustomEngine;

/// <summary>Writes statements to an archive, where there is one, and computes their print.</summary>
internal sealed class SqlScriptWriter(PipeWriter? archive)
{
    private const int FlushLength = 64 << 10;

    #region Write statements
    internal async Task<string> WriteAsync(IEnumerable<string> statements, BackupContext? context, CancellationToken cancellationToken)
    {
        using var print = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int waiting = 0;
        foreach (string statement in statements)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(statement + ";\n");
            print.AppendData(bytes);
            context?.ReportProgress(bytes.Length, 1);
            cancellationToken.ThrowIfCancellationRequested();
            if (archive is null)
            {
                continue;
            }

            bytes.CopyTo(archive.GetSpan(bytes.Length));
            archive.Advance(bytes.Length);
            waiting += bytes.Length;
            if (waiting >= FlushLength)
            {
                waiting = 0;

                // This waits while the storage is slower than the database. A flush that says that nobody reads any more comes with a failure
                // that the workflow knows of and reports.
                if ((await archive.FlushAsync(cancellationToken)).IsCompleted)
                {
                    break;
                }
            }
        }

        return Convert.ToHexString(print.GetHashAndReset());
    }
    #endregion
}
