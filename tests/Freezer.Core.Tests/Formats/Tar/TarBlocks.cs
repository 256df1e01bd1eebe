using System.Globalization;
using System.Text;
using Freezer.Formats.Tar;

namespace Freezer.Tests.Formats.Tar;

/// <summary>Header blocks made field by field, also such as no writer should make.</summary>
internal static class TarBlocks
{
    internal const string Posix = "ustar\000";
    internal const string Gnu = "ustar  \0";
    internal const string V7 = "\0\0\0\0\0\0\0\0";

    internal static byte[] End => new byte[2 * TarLayout.BlockLength];

    internal static byte[] Header(string name, char type = '0', long size = 0, string magic = Posix, string link = "", Action<byte[]>? change = null)
    {
        byte[] block = new byte[TarLayout.BlockLength];
        Put(block, TarLayout.NameOffset, name);
        Put(block, TarLayout.ModeOffset, "0000644");
        Put(block, TarLayout.UserIdOffset, "0001750");
        Put(block, TarLayout.GroupIdOffset, "0000144");
        Put(block, TarLayout.SizeOffset, Octal(size));
        Put(block, TarLayout.ModifiedOffset, Octal(1_700_000_000));
        block[TarLayout.TypeFlagOffset] = (byte)type;
        Put(block, TarLayout.LinkNameOffset, link);
        Put(block, TarLayout.MagicOffset, magic);
        change?.Invoke(block);
        return Seal(block);
    }

    /// <summary>Gives a block the checksum that it should have.</summary>
    internal static byte[] Seal(byte[] block)
    {
        block.AsSpan(TarLayout.ChecksumOffset, 8).Fill((byte)' ');
        int sum = block.Sum(b => b);
        Put(block, TarLayout.ChecksumOffset, Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ");
        return block;
    }

    internal static byte[] Body(string text) => Body(Encoding.Latin1.GetBytes(text));

    internal static byte[] Body(byte[] bytes) => [.. bytes, .. new byte[TarLayout.Padding(bytes.Length)]];

    /// <summary>An extended header with its records.</summary>
    internal static byte[] Extended(params string[] records) => Records('x', records);

    internal static byte[] Global(params string[] records) => Records('g', records);

    /// <summary>One record, in Latin-1.</summary>
    internal static string Record(string keyword, string value)
    {
        int rest = keyword.Length + value.Length + 3;
        int length = rest + 1;
        while (length.ToString(CultureInfo.InvariantCulture).Length + rest != length)
        {
            length++;
        }

        return $"{length} {keyword}={value}\n";
    }

    internal static void Put(byte[] block, int offset, string text) => Encoding.Latin1.GetBytes(text).CopyTo(block, offset);

    internal static string Octal(long value) => Convert.ToString(value, 8).PadLeft(11, '0');

    internal static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static byte[] Records(char type, string[] records)
    {
        string text = string.Concat(records);
        return Join(Header("PaxHeaders/x", type, text.Length), Body(text));
    }
}
