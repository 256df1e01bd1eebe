using System.Buffers;
using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>Writes archives member by member, also such as no honest program writes.</summary>
internal sealed class ArchiveBuilder
{
    internal const int DirectoryMode = 0x1ED;
    internal const int FileMode = 0x1A4;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly TarWriter _writer;

    internal ArchiveBuilder() => _writer = new TarWriter(_bytes);

    internal static UnixTime Time { get; } = new(1_600_000_000, 123_456_700);

    internal long Position => _writer.Position;

    /// <summary>A directory.</summary>
    /// <param name="path">Its name; a slash is added.</param>
    /// <param name="listing">Its listing, entries separated by blanks and each beginning with its code; <see langword="null"/> for none.</param>
    /// <param name="change">Changes the member before it is written.</param>
    internal ArchiveBuilder Directory(string path, string? listing = null, Action<TarEntry>? change = null) =>
        listing is not null && !DumpDirectory.IsWritable(Listing(listing)) ? GnuDirectory(path, Listing(listing)) : Member(
            TarEntryType.Directory,
            path.EndsWith('/') ? path : path + "/",
            [],
            entry =>
            {
                entry.Mode = DirectoryMode;
                entry.DumpDirectory = listing is null ? null : Listing(listing);
                change?.Invoke(entry);
            });

    internal ArchiveBuilder File(string path, string content, Action<TarEntry>? change = null) => File(path, Encoding.UTF8.GetBytes(content), change);

    internal ArchiveBuilder File(string path, byte[] content, Action<TarEntry>? change = null) => Member(TarEntryType.RegularFile, path, content, change);

    internal ArchiveBuilder Link(string path, string target, Action<TarEntry>? change = null) =>
        Member(
            TarEntryType.SymbolicLink,
            path,
            [],
            entry =>
            {
                entry.LinkTarget = Encoding.UTF8.GetBytes(target);
                entry.Mode = 0x1FF;
                change?.Invoke(entry);
            });

    internal ArchiveBuilder HardLink(string path, string target) =>
        Member(TarEntryType.HardLink, path, [], entry => entry.LinkTarget = Encoding.UTF8.GetBytes(target));

    internal ArchiveBuilder Fifo(string path) => Member(TarEntryType.Fifo, path, []);

    internal ArchiveBuilder Device(string path, uint major, uint minor) =>
        Member(
            TarEntryType.CharacterDevice,
            path,
            [],
            entry =>
            {
                entry.DeviceMajor = major;
                entry.DeviceMinor = minor;
            });

    internal ArchiveBuilder Member(TarEntryType type, string path, byte[] content, Action<TarEntry>? change = null)
    {
        var entry = new TarEntry
        {
            Type = type,
            Path = Encoding.Latin1.GetBytes(path),
            Mode = FileMode,
            UserId = Ids.User,
            GroupId = Ids.Group,
            Size = content.Length,
            Modified = Time,
        };
        change?.Invoke(entry);
        _writer.WriteHeader(entry);
        _bytes.Write(content);
        _writer.AddContent(content.Length);
        _writer.WritePadding(content.Length);
        return this;
    }

    /// <summary>A directory in GNU's own format, which takes listings that the writer refuses.</summary>
    internal ArchiveBuilder GnuDirectory(string path, byte[] listing)
    {
        byte[] header = new byte[512];
        Encoding.Latin1.GetBytes(path.EndsWith('/') ? path : path + "/", header);
        Encoding.ASCII.GetBytes("0000755\0", header.AsSpan(100));
        Encoding.ASCII.GetBytes(Convert.ToString(Ids.User, 8).PadLeft(7, '0'), header.AsSpan(108));
        Encoding.ASCII.GetBytes(Convert.ToString(Ids.Group, 8).PadLeft(7, '0'), header.AsSpan(116));
        Encoding.ASCII.GetBytes(Convert.ToString(listing.Length, 8).PadLeft(11, '0'), header.AsSpan(124));
        Encoding.ASCII.GetBytes(Convert.ToString(Time.Seconds, 8).PadLeft(11, '0'), header.AsSpan(136));
        header.AsSpan(148, 8).Fill((byte)' ');
        header[156] = (byte)'D';
        "ustar  \0"u8.CopyTo(header.AsSpan(257));
        int sum = header.Sum(static value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0", header.AsSpan(148));
        return Raw(header).Raw(listing);
    }

    /// <summary>Bytes as they are, filled up to a block.</summary>
    internal ArchiveBuilder Raw(byte[] bytes)
    {
        _bytes.Write(bytes);
        _writer.AddContent(bytes.Length);
        _writer.WritePadding(bytes.Length);
        return this;
    }

    /// <summary>The bytes so far, and the end mark.</summary>
    internal byte[] End()
    {
        _writer.WriteEnd();
        return _bytes.WrittenSpan.ToArray();
    }

    /// <summary>A listing of entries separated by blanks, as they stand: not sorted.</summary>
    internal static byte[] Listing(string entries)
    {
        string text = string.Concat(entries.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static entry => entry + "\0"));
        return Encoding.Latin1.GetBytes(text + "\0");
    }
}
