namespace Freezer.Formats.Tar;

/// <summary>Reads the extents of GNU's own sparse format: pairs of numbers in the header and in the blocks that follow it.</summary>
internal static class GnuSparseMap
{
    private const int PairLength = 2 * TarLayout.LongNumberLength;

    /// <summary>Reads the pairs of a header or a block of extensions. The first without a length ends the map.</summary>
    /// <returns>Whether every pair was used, so that more may follow.</returns>
    /// <exception cref="TarFormatException">A pair is malformed, or there are too many.</exception>
    internal static bool Read(ReadOnlySpan<byte> pairs, List<SparseExtent> extents, int most, long offset)
    {
        for (; pairs.Length >= PairLength; pairs = pairs[PairLength..])
        {
            ReadOnlySpan<byte> length = pairs[TarLayout.LongNumberLength..PairLength];
            if (length[0] == 0)
            {
                return false;
            }

            if (extents.Count == most)
            {
                throw new TarFormatException($"A sparse file has more than {most} extents", offset);
            }

            if (!TarField.TryReadNumber(pairs[..TarLayout.LongNumberLength], out long from) || !TarField.TryReadNumber(length, out long count))
            {
                throw new TarFormatException("The map of a sparse file holds something that is not a number", offset);
            }

            extents.Add(new SparseExtent(from, count));
        }

        return true;
    }
}
