using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;
using FluentAssertions.Equivalency;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Engines.Tar.Manifest;

internal sealed record SampleEntry(byte[] Name, TarManifestRecord Record);

internal sealed record SampleDirectory(byte[] Path, TarManifestRecord Own, List<SampleEntry> Entries);

/// <summary>Random manifests: every kind, every flag, extreme numbers and names of any bytes.</summary>
internal static class ManifestSamples
{
    internal static Arbitrary<int> Seeds => ArbMap.Default.ArbFor<int>();

    internal static TarManifestRecord Directory => new() { Kind = FileKind.Directory, Mode = 0x1ED };

    internal static EquivalencyAssertionOptions<SampleDirectory> Exactly(EquivalencyAssertionOptions<SampleDirectory> options) => options
        .WithStrictOrdering()
        .ComparingByMembers<SampleDirectory>()
        .ComparingByMembers<SampleEntry>()
        .Using<TarManifestRecord>(static c => Text(c.Subject).Should().Be(Text(c.Expectation)))
        .WhenTypeIs<TarManifestRecord>();

    internal static List<SampleDirectory> Tree(int seed)
    {
        var random = new Random(seed);
        List<SampleDirectory> tree = [];
        AddDirectory(random, tree, [], depth: 0);
        return tree;
    }

    /// <summary>A record that does not point into a reader's block.</summary>
    internal static TarManifestRecord Own(TarManifestRecord record) => record with
    {
        UserName = record.UserName.ToArray(),
        GroupName = record.GroupName.ToArray(),
        LinkTarget = record.LinkTarget.ToArray(),
        FirstName = new EntryPath(record.FirstName.Bytes.ToArray()),
    };

    private static string Text(in TarManifestRecord r) => string.Join('|',
        r.Kind, r.Flags, r.Mode, r.UserId, r.GroupId, Hex(r.UserName), Hex(r.GroupName), r.Modified, r.Changed, r.Device, r.Inode, r.LinkCount,
        r.FirstName, string.Join(',', r.Attributes.Select(static a => $"{Hex(a.Name)}={Hex(a.Value)}")), r.Size, r.Digest, r.Content,
        r.Extents is null ? "whole" : string.Join(',', r.Extents), Hex(r.LinkTarget), r.DeviceMajor, r.DeviceMinor, r.SkipKind, r.SkipReason);

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexString(bytes.Span);

    private static void AddDirectory(Random random, List<SampleDirectory> tree, byte[] path, int depth)
    {
        var entries = new List<SampleEntry>();
        tree.Add(new SampleDirectory(path, Full(random, FileKind.Directory, [], path), entries));
        var names = new SortedSet<byte[]>(Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b)));
        for (int i = random.Next(6); i > 0; i--)
        {
            names.Add(Name(random));
        }

        foreach (byte[] name in names)
        {
            var kind = (FileKind)random.Next(1, (int)FileKind.Socket);
            entries.Add(new SampleEntry(name, kind == FileKind.Directory ? Brief(random, kind) : random.Next(8) == 0 ? Skipped(random) : Full(random, kind, name, path)));
        }

        foreach (SampleEntry entry in entries)
        {
            if (entry.Record.Kind == FileKind.Directory && entry.Record.IsStored && depth < 4)
            {
                AddDirectory(random, tree, path.Length == 0 ? entry.Name : [.. path, (byte)'/', .. entry.Name], depth + 1);
            }
        }
    }

    private static TarManifestRecord Skipped(Random random) => new()
    {
        Kind = (FileKind)random.Next((int)FileKind.Socket),
        Flags = TarManifestFlags.Skipped,
        SkipKind = (SkipKind)random.Next(4),
        SkipReason = "Permission denied: ä",
    };

    private static TarManifestRecord Brief(Random random, FileKind kind) => random.Next(4) == 0
        ? new() { Kind = kind, Flags = TarManifestFlags.Skipped | TarManifestFlags.Stale, SkipReason = "" }
        : new() { Kind = kind };

    private static TarManifestRecord Full(Random random, FileKind kind, byte[] name, byte[] path)
    {
        TarManifestFlags flags = (TarManifestFlags)random.Next(4) & (TarManifestFlags.Stale | TarManifestFlags.Racy);
        var record = new TarManifestRecord
        {
            Kind = kind,
            Mode = random.Next(0x1000),
            UserId = (uint)random.NextInt64(0, 1L << 32),
            GroupId = uint.MaxValue,
            UserName = Bytes(random, 8),
            GroupName = Bytes(random, 8),
            Modified = Time(random),
            Changed = Time(random),
            Device = (ulong)random.NextInt64(),
            Inode = ulong.MaxValue,
            Attributes = [.. Enumerable.Range(0, random.Next(3)).Select(i => new FileAttribute([(byte)('a' + i), 0xFF], Bytes(random, 40)))],
        };
        if (kind != FileKind.Directory && random.Next(3) == 0)
        {
            flags |= TarManifestFlags.MultiplyLinked;
            record.LinkCount = (uint)random.Next(2, int.MaxValue);
            if (random.Next(2) == 0 && (path.Length > 0 || name[0] > 1))
            {
                flags |= TarManifestFlags.LaterName;
                record.FirstName = new EntryPath((byte[])[1]);
            }
        }

        if (kind == FileKind.Regular)
        {
            record.Size = random.Next(2) == 0 ? long.MaxValue : random.Next(100_000);
            record.Digest = Sha256Digest.Of(Bytes(random, 10));
            record.Content = new ContentLocation(new Guid(random.Next(), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), random.NextInt64());
            if (random.Next(4) == 0)
            {
                flags |= TarManifestFlags.Sparse;
                record.Extents = [.. Enumerable.Range(0, (int)Math.Min(record.Size / 100, random.Next(5))).Select(static i => new SparseExtent(100 * i, 1 + i))];
            }
        }
        else if (kind == FileKind.SymbolicLink)
        {
            record.LinkTarget = Bytes(random, 300);
        }
        else if (kind is FileKind.BlockDevice or FileKind.CharacterDevice)
        {
            record.DeviceMajor = (uint)random.Next();
            record.DeviceMinor = uint.MaxValue;
        }

        record.Flags = flags;
        return record;
    }

    private static UnixTime Time(Random random) => random.Next(3) switch
    {
        0 => new UnixTime(long.MinValue, 0),
        1 => new UnixTime(-1, 999_999_999),
        _ => new UnixTime(random.NextInt64(), random.Next(1_000_000_000)),
    };

    private static byte[] Name(Random random)
    {
        byte[] name = new byte[random.Next(1, 6)];
        for (int i = 0; i < name.Length; i++)
        {
            name[i] = (byte)random.Next(1, 256);
            if (name[i] is (byte)'/' or (byte)'.')
            {
                name[i] = (byte)'x';
            }
        }

        return name;
    }

    private static byte[] Bytes(Random random, int most)
    {
        byte[] bytes = new byte[random.Next(most)];
        random.NextBytes(bytes);
        return bytes;
    }
}
