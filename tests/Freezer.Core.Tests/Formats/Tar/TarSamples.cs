using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Formats.Tar;

/// <summary>Members of every kind: a fixed set, and random ones.</summary>
internal static class TarSamples
{
    /// <summary>A small archive that has one of each.</summary>
    internal static IReadOnlyList<TarMember> Members { get; } =
    [
        Member(new TarEntry { Type = TarEntryType.Directory, Path = "./"u8.ToArray(), Mode = 0x1ED, DumpDirectory = "Da\0Yb\0Nc\0\0"u8.ToArray() }),
        Member(new TarEntry { Path = "./b"u8.ToArray(), Mode = 0x1A4, UserId = 1000, GroupId = 1000, UserName = "ann"u8.ToArray(), Modified = new UnixTime(1_700_000_000, 0) }, "hello"),
        Member(new TarEntry { Path = [.. "./a/"u8, 0xFF, (byte)'\n', .. Encoding.ASCII.GetBytes(new string('n', 110))], Modified = new UnixTime(-2, 5), Accessed = new UnixTime(3, 1) }, new string('x', 600)),
        Member(new TarEntry { Path = "./attributes"u8.ToArray(), Attributes = [new FileAttribute("user.a=%"u8.ToArray(), [0, 10, 61, 255]), new FileAttribute("user.e"u8.ToArray(), [])] }),
        Member(new TarEntry { Type = TarEntryType.SymbolicLink, Path = "./s"u8.ToArray(), LinkTarget = Encoding.UTF8.GetBytes("../ä/" + new string('t', 100)) }),
        Member(new TarEntry { Type = TarEntryType.HardLink, Path = "./h"u8.ToArray(), LinkTarget = "./b"u8.ToArray() }),
        Member(new TarEntry { Type = TarEntryType.CharacterDevice, Path = "./null"u8.ToArray(), DeviceMajor = 1, DeviceMinor = 3 }),
        Member(new TarEntry { Type = TarEntryType.Fifo, Path = "./fifo"u8.ToArray(), UserId = 3_000_000 }),
        Member(new TarEntry { Path = "./sparse"u8.ToArray(), Size = 1 << 20, Extents = [new SparseExtent(4096, 3), new SparseExtent(8192, 2)] }, "abcde"),
    ];

    internal static Gen<TarMember> RandomMember { get; } =
        from type in Gen.Elements(Enum.GetValues<TarEntryType>())
        from path in Names(type == TarEntryType.Directory)
        from target in Names(isDirectory: false)
        from mode in Gen.Choose(0, 0xFFF)
        from ids in Gen.ArrayOf(Gen.OneOf(Gen.Choose(0, int.MaxValue).Select(n => (long)n), Gen.Elements(0L, 2_097_151, 2_097_152, uint.MaxValue, long.MaxValue)), 2)
        from owners in Gen.ArrayOf(Gen.OneOf(Gen.Constant(Array.Empty<byte>()), Gen.Elements("root", "grüppe", new string('u', 31), new string('u', 32)).Select(Encoding.UTF8.GetBytes), Gen.Constant(new byte[] { 0xFF })), 2)
        from times in Gen.ArrayOf(Times, 2)
        from hasAccessed in Gen.Elements(true, false)
        from devices in Gen.ArrayOf(Gen.OneOf(Gen.Choose(0, 1 << 20).Select(n => (uint)n), Gen.Elements(uint.MaxValue, 2_097_152u)), 2)
        from attributes in Gen.Frequency((3, Gen.Constant(Array.Empty<FileAttribute>())), (1, Gen.ArrayOf(Attribute)))
        from isSparse in Gen.Elements(true, false)
        from runs in Gen.ArrayOf(Gen.Two(Gen.Choose(1, 700)))
        from end in Gen.Choose(0, 2).Select(n => n * 1000)
        from names in Gen.ArrayOf(Bytes(1, 40))
        from hasListing in Gen.Elements(true, false)
        select Build(type, path, target, mode, ids, owners, times, hasAccessed, devices, attributes, isSparse ? runs : null, end, hasListing ? names : null);

    private static Gen<UnixTime> Times =>
        from seconds in Gen.OneOf(Gen.Choose(int.MinValue, int.MaxValue).Select(n => (long)n), Gen.Elements(0L, -1, (1L << 33) - 1, 1L << 33, long.MinValue, long.MaxValue))
        from nanoseconds in Gen.OneOf(Gen.Choose(0, 999_999_999), Gen.Elements(0, 1, 500_000_000))
        select new UnixTime(seconds, nanoseconds);

    private static Gen<FileAttribute> Attribute =>
        from name in Bytes(1, 30)
        from value in Gen.OneOf(Gen.Constant(Array.Empty<byte>()), Gen.ArrayOf(Gen.Choose(0, 255).Select(b => (byte)b)))
        select new FileAttribute(name, value);

    private static Gen<byte[]> Names(bool isDirectory) =>
        from name in Gen.OneOf(
            Bytes(1, 20),
            Gen.Choose(98, 103).Select(n => Encoding.ASCII.GetBytes("./" + new string('n', n - 2))),
            Bytes(255, 255).Select(component => (byte[])[.. "./"u8, .. component]),
            Gen.Constant(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("component/", 499)) + "component")))
        let trimmed = name.AsSpan().TrimEnd((byte)'/').ToArray()
        select isDirectory ? [.. trimmed, (byte)'/'] : trimmed.Length == 0 ? "x"u8.ToArray() : trimmed;

    private static Gen<byte[]> Bytes(int shortest, int longest) =>
        from length in Gen.Choose(shortest, longest)
        from bytes in Gen.ArrayOf(Gen.OneOf(Gen.Choose('a', 'z'), Gen.Elements('\n', '=', '%', ' ', 0xC3, 0xA4, 0xFF).Select(c => (int)c), Gen.Choose(1, 255)).Select(b => (byte)b), length)
        select bytes;

    private static TarMember Build(
        TarEntryType type, byte[] path, byte[] target, int mode, long[] ids, byte[][] owners, UnixTime[] times, bool hasAccessed,
        uint[] devices, FileAttribute[] attributes, (int Hole, int Data)[]? runs, int end, byte[][]? names)
    {
        bool isDevice = type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        var entry = new TarEntry
        {
            Type = type,
            Path = path,
            LinkTarget = type is TarEntryType.HardLink or TarEntryType.SymbolicLink ? target : [],
            Mode = mode,
            UserId = ids[0],
            GroupId = ids[1],
            UserName = owners[0],
            GroupName = owners[1],
            Modified = times[0],
            Accessed = hasAccessed ? times[1] : null,
            DeviceMajor = isDevice ? devices[0] : 0,
            DeviceMinor = isDevice ? devices[1] : 0,
            Attributes = attributes,
            DumpDirectory = type == TarEntryType.Directory && names is not null ? Listing(names) : null,
        };
        if (type != TarEntryType.RegularFile)
        {
            return new TarMember(entry, []);
        }

        entry.Size = end;
        if (runs is not null)
        {
            var extents = new List<SparseExtent>();
            long position = 0;
            foreach ((int hole, int data) in runs)
            {
                extents.Add(new SparseExtent(position + hole, data));
                position += hole + data;
            }

            entry.Extents = extents;
            entry.Size = position + end;
        }

        return new TarMember(entry, Enumerable.Range(0, (int)entry.StoredSize).Select(i => (byte)i).ToArray());
    }

    private static byte[] Listing(byte[][] names)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (string name in names.Select(Encoding.Latin1.GetString).Where(n => !n.Contains('/', StringComparison.Ordinal) && n is not ("." or "..")).Distinct().Order(StringComparer.Ordinal))
        {
            DumpDirectory.Append(buffer, DumpDirectory.Stored, Encoding.Latin1.GetBytes(name));
        }

        DumpDirectory.End(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static TarMember Member(TarEntry entry, string content = "")
    {
        entry.Size = entry.Extents is null ? content.Length : entry.Size;
        return new TarMember(entry, Encoding.ASCII.GetBytes(content));
    }
}
