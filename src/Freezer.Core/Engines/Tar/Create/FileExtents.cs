using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Where a file has data.</summary>
internal static class FileExtents
{
    /// <summary>The extents of a file with holes, at most <see cref="TarManifestFormat.MostExtents"/>; <see langword="null"/> for a file to be stored whole.</summary>
    internal static List<SparseExtent>? Find(SourceFile file, in FileStatus status)
    {
        if (status.Allocated >= status.Size)
        {
            return null;
        }

        List<SparseExtent> extents = [];
        long offset = 0;
        while (offset < status.Size && file.TryFindData(offset, out long start, out long end))
        {
            end = Math.Min(end, status.Size);
            if (start >= end)
            {
                break;
            }

            extents.Add(new SparseExtent(start, end - start));
            offset = end;
            if (extents.Count == 2 * TarManifestFormat.MostExtents)
            {
                FillSmallestHoles(extents);
            }
        }

        if (extents.Count > TarManifestFormat.MostExtents)
        {
            FillSmallestHoles(extents);
        }

        return extents is [{ Offset: 0 } only] && only.Length == status.Size ? null : extents;
    }

    /// <summary>Joins extents over the smallest holes until the most that are allowed are left.</summary>
    internal static void FillSmallestHoles(List<SparseExtent> extents, int most = TarManifestFormat.MostExtents)
    {
        int surplus = extents.Count - most;
        long[] holes = new long[extents.Count - 1];
        for (int i = 0; i < holes.Length; i++)
        {
            holes[i] = extents[i + 1].Offset - extents[i].End;
        }

        Array.Sort(holes);
        long largestFilled = holes[surplus - 1];

        // Of the holes that are as large as the largest filled one, only as many are filled as it takes.
        int atLargest = 0;
        for (int i = surplus - 1; i >= 0 && holes[i] == largestFilled; i--)
        {
            atLargest++;
        }

        int last = 0;
        for (int i = 1; i < extents.Count; i++)
        {
            long hole = extents[i].Offset - extents[last].End;
            if (hole < largestFilled || (hole == largestFilled && atLargest-- > 0))
            {
                extents[last] = new SparseExtent(extents[last].Offset, extents[i].End - extents[last].Offset);
            }
            else
            {
                extents[++last] = extents[i];
            }
        }

        extents.RemoveRange(last + 1, extents.Count - last - 1);
    }
}
