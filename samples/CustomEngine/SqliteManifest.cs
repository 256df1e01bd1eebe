using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Freezer;

namespace CustomEngine;

/// <summary>What a level remembers for the next one: a line for each item, with the print of its statements.</summary>
internal static class SqliteManifest
{
    #region Manifest
    internal static void Write(ManifestWriter manifest, string identity, string print)
    {
        manifest.Write(Encoding.UTF8.GetBytes($"{print} {Uri.EscapeDataString(identity)}\n"));

        // A place where a frame may end: an unchanged part of a long manifest is then not stored again.
        manifest.EndBlock();
    }

    internal static async Task<Dictionary<string, string>> ReadAsync(PipeReader? manifest, CancellationToken cancellationToken)
    {
        Dictionary<string, string> prints = new(StringComparer.Ordinal);
        if (manifest is null)
        {
            return prints;
        }

        // The reader is the workflow's: it is left as it is, and never completed.
        using var lines = new StreamReader(manifest.AsStream(leaveOpen: true));
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            prints.Add(Uri.UnescapeDataString(line[(space + 1)..]), line[..space]);
        }

        return prints;
    }
    #endregion
}
