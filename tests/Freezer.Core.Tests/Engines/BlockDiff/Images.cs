using System.Runtime.InteropServices;
using Freezer.Engines.BlockDiff;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Images made of random data, patterns and zeros, and what happens to images.</summary>
internal static class Images
{
    internal static byte[] Random(Random random, int length)
    {
        byte[] image = new byte[length];
        for (int offset = 0; offset < length;)
        {
            int run = Math.Min(length - offset, random.Next(1, 40_000));
            Fill(random, image.AsSpan(offset, run));
            offset += run;
        }

        return image;
    }

    /// <summary>An image of so many blocks, all of random data.</summary>
    internal static byte[] Dense(int blocks, int seed = 1)
    {
        byte[] image = new byte[blocks * BlockTestBed.SmallBlock];
        FillRandom(image, (ulong)seed);
        return image;
    }

    /// <summary>The image after something wrote to it: here and there, nothing at all, and now and then to another size.</summary>
    internal static byte[] Change(Random random, byte[] image)
    {
        byte[] changed = [.. image];
        if (random.Next(6) == 0)
        {
            Array.Resize(ref changed, random.Next(0, (image.Length * 2) + 1));
        }

        for (int changes = changed.Length == 0 ? 0 : random.Next(0, 10); changes > 0; changes--)
        {
            int offset = random.Next(changed.Length);
            Fill(random, changed.AsSpan(offset, random.Next(1, Math.Min(changed.Length - offset, 60_000) + 1)));
        }

        return changed;
    }

    /// <summary>Ranges that hold all of the data, cut at a granularity, as a file system tells of them.</summary>
    internal static VolumeExtent[] FindData(byte[] image, int granularity)
    {
        List<VolumeExtent> extents = [];
        for (int offset = 0; offset < image.Length; offset += granularity)
        {
            int length = Math.Min(granularity, image.Length - offset);
            if (image.AsSpan(offset, length).ContainsAnyExcept((byte)0))
            {
                extents.Add(new VolumeExtent(offset, length));
            }
        }

        return [.. extents];
    }

    /// <summary>The bytes of the blocks that are not zero.</summary>
    internal static long CountData(byte[] image, int blockSize) => FindData(image, blockSize).Sum(static extent => extent.Length);

    private static void Fill(Random random, Span<byte> range)
    {
        switch (random.Next(3))
        {
            case 0:
                range.Clear();
                break;
            case 1:
                range.Fill((byte)random.Next(256));
                break;
            default:
                FillRandom(range, (ulong)random.NextInt64());
                break;
        }
    }

    /// <summary>SplitMix64: a seeded <see cref="System.Random"/> makes one byte at a time.</summary>
    internal static void FillRandom(Span<byte> range, ulong seed)
    {
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(range))
        {
            word = Next(ref seed);
        }

        foreach (ref byte value in range[(range.Length & ~7)..])
        {
            value = (byte)Next(ref seed);
        }
    }

    private static ulong Next(ref ulong seed)
    {
        ulong value = seed += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
