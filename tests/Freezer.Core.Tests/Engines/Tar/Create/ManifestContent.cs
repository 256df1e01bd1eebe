using System.Buffers;
using System.IO.Pipelines;
using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Tests.Engines.Tar.Create;

/// <summary>A manifest by paths, in its order. The root is the empty one; a directory has the record of its own block.</summary>
internal static class ManifestContent
{
    internal static Dictionary<string, TarManifestRecord> Read(byte[] manifest)
    {
        var reader = new TarManifestReader(PipeReader.Create(new ReadOnlySequence<byte>(manifest)));
        var records = new Dictionary<string, TarManifestRecord>();
        reader.ReadHeaderAsync(default).AsTask().GetAwaiter().GetResult().Should().Be(TarManifestFormat.Version);
        while (reader.ReadBlockAsync(default).AsTask().GetAwaiter().GetResult())
        {
            EntryPath directory = reader.Block.Path;
            records.Add(directory.IsRoot ? "" : directory.ToString(), reader.Block.Own().ToOwned());
            for (int i = 0; i < reader.Block.Count; i++)
            {
                TarManifestRecord record = reader.Block.Record(i);
                if (record.Kind != FileKind.Directory || !record.IsStored)
                {
                    records.Add(directory.Append(reader.Block.Name(i).Span).ToString(), record.ToOwned());
                }
            }
        }

        return records;
    }
}
