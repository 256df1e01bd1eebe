using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>The listing of a directory that is not read this time, as the parent's manifest has it.</summary>
internal static class CarriedListing
{
    internal static DirectoryListing Of(TarManifestBlock block)
    {
        var entries = new DirectoryListing.Entry[block.Count];
        var names = new List<byte>();
        for (int i = 0; i < entries.Length; i++)
        {
            ReadOnlySpan<byte> name = block.Name(i).Span;
            entries[i].NameOffset = names.Count;
            entries[i].NameLength = name.Length;
            entries[i].Status.Kind = block.Record(i).Kind;
            names.AddRange(name);
        }

        return new DirectoryListing([.. names], entries, entries.Length);
    }
}
