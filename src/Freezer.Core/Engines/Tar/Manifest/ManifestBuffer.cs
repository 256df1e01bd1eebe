using Freezer.Platform;

namespace Freezer.Engines.Tar.Manifest;

/// <summary>A growing buffer that the primitives of a manifest are written to, and that is used again for the next block.</summary>
internal sealed class ManifestBuffer
{
    private const int FirstCapacity = 1 << 10;

    private byte[] _bytes = [];

    internal int Length { get; private set; }

    internal ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    internal void Clear() => Length = 0;

    internal void WriteByte(byte value)
    {
        Reserve(1)[0] = value;
        Length++;
    }

    internal void WriteVarint(ulong value) => Length += Varint.Write(Reserve(TarManifestFormat.LongestVarint), value);

    internal void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((ulong)bytes.Length);
        WriteFixed(bytes);
    }

    internal void WriteFixed(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    internal void WriteTime(UnixTime time)
    {
        WriteVarint(Varint.ZigZag(time.Seconds));
        WriteVarint((ulong)time.Nanoseconds);
    }

    private Span<byte> Reserve(int length)
    {
        if (_bytes.Length - Length < length)
        {
            long needed = (long)Length + length;
            if (needed > TarManifestFormat.LongestBlock)
            {
                throw new BackupException("A directory has so many entries that they do not fit one block of the manifest (2 GiB).");
            }

            Array.Resize(ref _bytes, (int)Math.Min(Math.Max(Math.Max(needed, 2L * _bytes.Length), FirstCapacity), TarManifestFormat.LongestBlock));
        }

        return _bytes.AsSpan(Length);
    }
}
