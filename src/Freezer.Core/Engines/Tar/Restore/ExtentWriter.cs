using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Writes content where it belongs: one run from the beginning, or extent by extent.</summary>
internal struct ExtentWriter(IReadOnlyList<SparseExtent>? extents)
{
    private int _extent;
    private long _written;

    /// <summary>Writes the next content.</summary>
    internal void Write(TargetFile file, ReadOnlySpan<byte> content)
    {
        if (extents is null)
        {
            file.WriteAt(content, _written);
            _written += content.Length;
            return;
        }

        while (!content.IsEmpty)
        {
            SparseExtent extent = extents[_extent];
            int length = (int)Math.Min(content.Length, extent.Length - _written);
            if (length > 0)
            {
                file.WriteAt(content[..length], extent.Offset + _written);
            }

            content = content[length..];
            _written += length;
            if (_written == extent.Length)
            {
                _extent++;
                _written = 0;
            }
        }
    }
}
