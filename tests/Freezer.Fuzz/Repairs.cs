using System.Text;
using Freezer.Dataflow;
using Freezer.Formats.Tar;

namespace Freezer.Fuzz;

/// <summary>Checksums put right, so that what stands under them is looked at.</summary>
internal static class Repairs
{
    private const string DigestStart = ",\"sha256\":\"";
    private const int DigestMemberLength = 11 + (2 * Sha256Digest.Size) + 2;

    /// <summary>Every block that says that it is a header gets the checksum of one.</summary>
    internal static void Tar(byte[] archive)
    {
        for (int offset = 0; offset + TarLayout.BlockLength <= archive.Length; offset += TarLayout.BlockLength)
        {
            Span<byte> block = archive.AsSpan(offset, TarLayout.BlockLength);
            if (block.Slice(TarLayout.MagicOffset, 5).SequenceEqual("ustar"u8))
            {
                TarChecksum.Write(block);
            }
        }
    }

    /// <summary>A document that ends with a digest gets its own.</summary>
    internal static void Document(byte[] document)
    {
        int end = document.Length - DigestMemberLength;
        if (end > 0 && document.AsSpan(end).StartsWith(Encoding.ASCII.GetBytes(DigestStart)))
        {
            string digest = Sha256Digest.Of(document.AsSpan(0, end)).ToString();
            Encoding.ASCII.GetBytes(digest, document.AsSpan(end + DigestStart.Length));
        }
    }
}
