using System.Buffers.Binary;
using System.Buffers.Text;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Turns the text of a POSIX access control list, which foreign archives carry, into the extended attribute that Linux keeps it in.</summary>
/// <remarks>The text is that of <c>acl(5)</c>, entries separated by line ends or commas, as <c>star</c>, GNU tar and bsdtar write it:
/// <c>user:name:rwx</c>, with the numeric id in the place of the name or behind the permissions. The attribute is that of
/// <c>linux/posix_acl_xattr.h</c>.</remarks>
internal static class PosixAccessControl
{
    private const uint Version = 2;
    private const int HeaderLength = 4;
    private const int TagOffset = 0;
    private const int PermissionsOffset = 2;
    private const int IdOffset = 4;
    private const int EntryLength = 8;

    private const ushort UserObject = 0x01;
    private const ushort User = 0x02;
    private const ushort GroupObject = 0x04;
    private const ushort Group = 0x08;
    private const ushort Mask = 0x10;
    private const ushort Other = 0x20;
    private const uint NoId = uint.MaxValue;

    internal static ReadOnlySpan<byte> AccessKeyword => "SCHILY.acl.access"u8;

    internal static ReadOnlySpan<byte> DefaultKeyword => "SCHILY.acl.default"u8;

    internal static ReadOnlySpan<byte> AccessAttribute => "system.posix_acl_access"u8;

    internal static ReadOnlySpan<byte> DefaultAttribute => "system.posix_acl_default"u8;

    /// <summary>Whether an attribute is the text of a list.</summary>
    internal static bool IsText(ReadOnlySpan<byte> name) => name.SequenceEqual(AccessKeyword) || name.SequenceEqual(DefaultKeyword);

    /// <summary>The attribute that stands for a text. False where the text is malformed or names somebody whom this machine does not know.</summary>
    internal static bool TryConvert(FileAttribute text, FileTree tree, out FileAttribute attribute)
    {
        attribute = default;
        var entries = new List<(ushort Tag, ushort Permissions, uint Id)>();
        foreach (Range range in text.Value.AsSpan().SplitAny((byte)'\n', (byte)','))
        {
            ReadOnlySpan<byte> line = text.Value.AsSpan()[range].Trim(" \t\0"u8);
            int comment = line.IndexOf((byte)'#');
            line = comment < 0 ? line : line[..comment].TrimEnd(" \t"u8);
            if (line.IsEmpty)
            {
                continue;
            }

            if (!TryParseEntry(line, tree, out (ushort Tag, ushort Permissions, uint Id) entry))
            {
                return false;
            }

            entries.Add(entry);
        }

        if (entries.Count == 0)
        {
            return false;
        }

        // The kernel wants the entries in the order of their tags, and those of one tag by id.
        entries.Sort();
        byte[] value = new byte[HeaderLength + (entries.Count * EntryLength)];
        BinaryPrimitives.WriteUInt32LittleEndian(value, Version);
        for (int i = 0; i < entries.Count; i++)
        {
            Span<byte> entry = value.AsSpan(HeaderLength + (i * EntryLength), EntryLength);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[TagOffset..], entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[PermissionsOffset..], entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[IdOffset..], entries[i].Id);
        }

        bool isAccess = text.Name.AsSpan().SequenceEqual(AccessKeyword);
        attribute = new FileAttribute((isAccess ? AccessAttribute : DefaultAttribute).ToArray(), value);
        return true;
    }

    private static bool TryParseEntry(ReadOnlySpan<byte> line, FileTree tree, out (ushort Tag, ushort Permissions, uint Id) entry)
    {
        entry = default;
        int count = line.Count((byte)':') + 1;
        if (count is < 2 or > 4)
        {
            return false;
        }

        ReadOnlySpan<byte> tag = TakeField(ref line);
        ReadOnlySpan<byte> who = count == 2 ? [] : TakeField(ref line);
        ReadOnlySpan<byte> letters = TakeField(ref line);
        ReadOnlySpan<byte> number = TakeField(ref line);
        if (!TryParsePermissions(letters, out ushort permissions))
        {
            return false;
        }

        bool isUser = tag.SequenceEqual("user"u8) || tag.SequenceEqual("u"u8);
        bool isGroup = tag.SequenceEqual("group"u8) || tag.SequenceEqual("g"u8);
        if ((isUser || isGroup) && !who.IsEmpty)
        {
            if (!TryParseId(who, number, isUser, tree, out uint id))
            {
                return false;
            }

            entry = (isUser ? User : Group, permissions, id);
            return true;
        }

        ushort code = isUser ? UserObject
            : isGroup ? GroupObject
            : tag.SequenceEqual("mask"u8) || tag.SequenceEqual("m"u8) ? Mask
            : tag.SequenceEqual("other"u8) || tag.SequenceEqual("o"u8) ? Other
            : (ushort)0;
        entry = (code, permissions, NoId);
        return code != 0;
    }

    private static ReadOnlySpan<byte> TakeField(ref ReadOnlySpan<byte> line)
    {
        int end = line.IndexOf((byte)':');
        ReadOnlySpan<byte> field = end < 0 ? line : line[..end];
        line = end < 0 ? [] : line[(end + 1)..];
        return field;
    }

    private static bool TryParseId(ReadOnlySpan<byte> who, ReadOnlySpan<byte> number, bool isUser, FileTree tree, out uint id)
    {
        if (TryParseNumber(who, out id))
        {
            return true;
        }

        return (isUser ? tree.TryFindUser(who, out id) : tree.TryFindGroup(who, out id)) || TryParseNumber(number, out id);
    }

    private static bool TryParseNumber(ReadOnlySpan<byte> text, out uint number) =>
        Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;

    private static bool TryParsePermissions(ReadOnlySpan<byte> text, out ushort permissions)
    {
        permissions = 0;
        foreach (byte letter in text)
        {
            switch (letter)
            {
                case (byte)'r':
                    permissions |= 4;
                    break;
                case (byte)'w':
                    permissions |= 2;
                    break;
                case (byte)'x':
                    permissions |= 1;
                    break;
                case (byte)'-':
                    break;
                default:
                    return false;
            }
        }

        return !text.IsEmpty;
    }
}
