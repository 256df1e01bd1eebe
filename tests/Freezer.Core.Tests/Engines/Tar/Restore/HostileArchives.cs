using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;
using static Freezer.Tests.Formats.Tar.TarBlocks;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>Archives as somebody makes them who wants out of the destination. One seed, one chain of one to three levels.</summary>
/// <remarks>Each is put together at random from the known attacks on readers of tar: names and links that lead outside, in every order and
/// combination; device nodes, set-uid bits and attributes that give rights; entries that contradict each other; listings, renames, sparse maps, records
/// and sizes that lie; and headers and ends that are missing or damaged.</remarks>
/// <param name="seed">Which one.</param>
/// <param name="outside">The absolute path of a directory <c>outside</c> beside the destination, with <c>secret</c> and <c>d/inner</c> in it.</param>
internal sealed class HostileArchives(int seed, string outside)
{
    private const int MostLevels = 3;
    private const int MostMembers = 14;

    private readonly Random _random = new(seed);
    private readonly List<string> _story = [];
    private ArchiveBuilder _archive = new();
    private bool _isMalformed;

    /// <summary>What was done, for the message of a test that fails.</summary>
    internal string Story => $"seed {seed}: {string.Join("; ", _story)}";

    internal byte[][] Make()
    {
        // What is malformed ends the restore there and then; other attacks are to be followed to their end.
        _isMalformed = _random.Next(2) == 0;
        byte[][] levels = new byte[_random.Next(1, MostLevels + 1)][];
        for (int level = 0; level < levels.Length; level++)
        {
            _story.Add($"level {level}");
            _archive = new ArchiveBuilder();
            for (int i = _random.Next(2, MostMembers); i > 0; i--)
            {
                Attack();
            }

            levels[level] = End();
        }

        return levels;
    }

    private string Path() => Pick(
        "./l/secret", "./l/new", "./l", "./l/", "./l/d", "./l/d/inner", "./l/l/secret", "./chain/secret", "./chain", "./a", "./a/b", "./a/l/secret", "./x",
        "./x/y", "../outside/secret", "../outside/new", "./a/../../outside/secret", "./l/../../outside/secret", "..", "../", ".", "./", "./.", "a/..", "//outside",
        $"{outside}/secret", $"{outside}/new", $"/{outside}/d", "/", "./l//secret", "./own", "./own/kept", "./users-link/secret", "./users-link", "./users-file",
        "./" + new string('n', 300), "./" + string.Concat(Enumerable.Repeat("d/", 30)) + "f", ".\\..\\outside\\secret", "C:\\outside\\secret", "./\u00a0/x", "./..a/..b");

    private string Target() => Pick(
        "../outside", "../outside/secret", "../outside/d", outside, $"{outside}/secret", "l", "./l", ".", "..", "/", "/proc/self/root" + outside, "/proc/self/cwd/..",
        "./l/../../outside", "a", "x", "chain", "./l/secret", "./chain/secret", "own", "./own/kept", "users-link", "./users-link/secret", "./users-file", "l/d", "/dev/null", "..//outside//secret");

    private void Attack()
    {
        string path = Path();
        switch (_random.Next(_isMalformed ? 22 : 14))
        {
            case 0 or 1 or 2:
                Tell("file", path);
                _archive.File(Name(path), _random.Next(8) == 0 ? new byte[300_000] : "planted"u8.ToArray(), Rights);
                break;
            case 3 or 4 or 5:
                string target = Target();
                Tell("link", path, target);
                _archive.Link(Name(path), target);
                break;
            case 6 or 7:
                target = Target();
                Tell("hard link", path, target);
                _archive.HardLink(Name(path), target);
                break;
            case 8 or 9:
                string listing = Pick(null!, "", "Yl Yx", "Na Nl", "Dl", "Yl Yl Nl", "Da Dl Dx");
                Tell("directory", path, listing ?? "no listing");
                _archive.Directory(Short(path), listing, Rights);
                break;
            case 10 or 11:
                listing = $"{Pick("", "Nl ", "Dl ")}{Pick("R", "T", "X", $"X{Path()} R")}{Path()} {Pick("T", "R", "T T")}{Path()}";
                Tell("renames", path, listing);
                _archive.GnuDirectory(Short(path), ArchiveBuilder.Listing(listing));
                break;
            case 12:
                Tell("device", path);
                Plain(path, _random.Next(2) == 0 ? TarEntryType.CharacterDevice : TarEntryType.BlockDevice, static entry => (entry.DeviceMajor, entry.DeviceMinor) = (1, 3));
                break;
            case 13:
                Tell("fifo", path);
                Plain(path, TarEntryType.Fifo, Rights);
                break;
            case 14:
                Raw("unknown or odd kind", Header(Short(path), Pick('7', 'Z', 'M', 'V', 'N', '\0', 'D', 'S'), magic: Pick(Posix, Gnu, V7), link: Short(Target())));
                break;
            case 15:
                Raw("records that lie", Extended(Lie(), Lie()), Header(Short(path), Pick('0', '1', '2', '5'), link: Short(Target())));
                break;
            case 16:
                Raw("global header", Global(Pick(Record("path", Path()), Record("linkpath", Target()), Record("uid", "0"), Record("GNU.dumpdir", "Yl\0\0"), Record("size", "9"))), Header(Short(path)));
                break;
            case 17:
                Raw("sparse map that lies", SparseLie(path));
                break;
            case 18:
                Raw("size that lies", Header(Short(path), Pick('0', '1', '2', '3', '5', '6'), change: SizeLie));
                break;
            case 19:
                Raw("two names", Header("././@LongLink", 'L', 20, Gnu), Body(Short(Path()).PadRight(20, '\0')[..20]), Extended(Record("path", Path())), Header(Short(path)));
                break;
            case 20:
                Raw("name behind the name", Header(Short(path) + "\0/../../outside/secret"[.._random.Next(2, 20)]));
                break;
            default:
                Raw("name split over the prefix", Header(Short(path), change: static header => Put(header, TarLayout.PrefixOffset, "../outside")));
                break;
        }
    }

    private byte[] End()
    {
        byte[] archive = _archive.End();
        switch (_isMalformed ? _random.Next(8) : 7)
        {
            case 0:
                _story.Add("cut off");
                return archive[.._random.Next(archive.Length)];
            case 1:
                _story.Add("a flipped bit");
                archive[_random.Next(archive.Length)] ^= (byte)(1 << _random.Next(8));
                return archive;
            case 2:
                _story.Add("an archive behind the end");
                return [.. archive, .. Header(Short(Path())), .. TarBlocksEnd];
            default:
                return archive;
        }
    }

    private static byte[] TarBlocksEnd => Freezer.Tests.Formats.Tar.TarBlocks.End;

    private void Rights(TarEntry entry)
    {
        if (_random.Next(3) == 0)
        {
            entry.Mode = 0xFFF;
            entry.UserId = entry.GroupId = 0;
            entry.Attributes =
            [
                new FileAttribute("security.capability"u8.ToArray(), [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
                new FileAttribute("trusted.overlay.redirect"u8.ToArray(), Encoding.UTF8.GetBytes(outside)),
                new FileAttribute("SCHILY.acl.access"u8.ToArray(), "user::rwx\nuser:root:rwx\ngroup::---\nmask::rwx\nother::rwx\n"u8.ToArray()),
            ];
        }
    }

    private string Lie() => Pick(
        Record("path", Path()), Record("linkpath", Target()), Record("size", "-5"), Record("size", "18446744073709551616"), Record("size", "9223372036854775807"), Record("size", "7"), Record("path", ""),
        Record("path", "a\0/../../outside/secret"), "99999999999999999999 path=x\n", "0 path=x\n", "9 path=x", "12 pathxxxxx\n", Record("mtime", "1e999"), Record("uid", "-1"), Record("uid", "4294967296"),
        Record("GNU.dumpdir", "R../outside/secret\0T./stolen\0\0"), Record("GNU.dumpdir", "Yl"), Record("SCHILY.devmajor", "1"), Record("SCHILY.xattr.trusted.overlay.opaque", "y"),
        Record("GNU.sparse.name", Path()), Record("GNU.sparse.major", "1"), Record("hdrcharset", "BINARY"));

    private byte[] SparseLie(string path) => Pick(0, 1, 2, 3) switch
    {
        0 => Join(
            Extended(Record("GNU.sparse.major", "1"), Record("GNU.sparse.minor", "0"), Record("GNU.sparse.name", path), Record("GNU.sparse.realsize", Pick("0", "50", "1152921504606846976", "-1"))),
            Header("s", size: 512 + 8),
            Body(Pick("1\n0\n8\n", "4000000000\n0\n8\n", "2\n0\n8\n4\n4\n", "1\n9223372036854775807\n8\n", "1\n-8\n8\n", "x\n", "99999999999999999999\n")),
            Body("planted!")),
        1 => Join(Extended(Record("GNU.sparse.size", "50"), Record("GNU.sparse.numblocks", Pick("1", "4000000000")), Record("GNU.sparse.map", Pick("0,8", "60,8", "0,8,4,8", "0"))), Header(Short(path), size: 8), Body("planted!")),
        2 => Join(Extended(Record("GNU.sparse.size", "50"), Record("GNU.sparse.numblocks", "1"), Record("GNU.sparse.offset", "45"), Record("GNU.sparse.numbytes", "8")), Header(Short(path), size: 8), Body("planted!")),
        _ => Join(
            Header(
                Short(path),
                'S',
                8,
                Gnu,
                change: header =>
                {
                    Put(header, TarLayout.GnuSparseOffset, Octal(Pick(0, 45, 1L << 32)));
                    Put(header, TarLayout.GnuSparseOffset + 12, Octal(8));
                    Put(header, TarLayout.GnuRealSizeOffset, Octal(50));
                    header[TarLayout.GnuIsExtendedOffset] = (byte)_random.Next(2);
                }),
            Body("planted!")),
    };

    private void SizeLie(byte[] header)
    {
        byte[] lie = Pick<byte[]>(
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0],
            [0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            "77777777777\0"u8.ToArray(),
            "00000000011\0"u8.ToArray(),
            "        -11\0"u8.ToArray());
        lie.CopyTo(header, TarLayout.SizeOffset);
    }

    private void Plain(string path, TarEntryType type, Action<TarEntry> change) => _archive.Member(type, Name(path), [], change);

    private void Raw(string what, params byte[][] blocks)
    {
        _story.Add(what);
        _archive.Raw(Join(blocks));
    }

    private void Tell(params string[] words) => _story.Add(string.Join(' ', words));

    /// <summary>A name that a directory cannot have.</summary>
    private static string Name(string path) => path.TrimEnd('/') is { Length: > 0 } name ? name : "x";

    /// <summary>What fits into a header without extended ones.</summary>
    private static string Short(string text) => text.Length > 90 ? text[..90] : text;

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
