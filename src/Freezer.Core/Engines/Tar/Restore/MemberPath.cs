namespace Freezer.Engines.Tar.Restore;

/// <summary>Turns the name of a member into a path below the destination, or refuses it. A name is never repaired by guessing.</summary>
internal static class MemberPath
{
    /// <summary>Takes leading slashes, empty components and <c>.</c> out of a name.</summary>
    /// <param name="name">The name as the archive has it. It must not change afterwards: the path may share its bytes.</param>
    /// <param name="path">The path; the root for <c>./</c>.</param>
    /// <param name="wasAbsolute">Whether the name began with a slash.</param>
    /// <param name="refusal">Why there is no such path, for people.</param>
    internal static bool TryParse(ReadOnlyMemory<byte> name, out EntryPath path, out bool wasAbsolute, out string refusal)
    {
        path = default;
        refusal = "";
        ReadOnlySpan<byte> bytes = name.Span;
        wasAbsolute = !bytes.IsEmpty && bytes[0] == (byte)'/';
        if (bytes.IsEmpty)
        {
            refusal = "Its name is empty.";
            return false;
        }

        if (bytes.Contains((byte)0))
        {
            refusal = "Its name holds a zero byte.";
            return false;
        }

        ReadOnlyMemory<byte> plain = name;
        while (plain.Span.StartsWith("./"u8) || plain.Span.StartsWith("/"u8))
        {
            plain = plain[(plain.Span[0] == (byte)'/' ? 1 : 2)..];
        }

        while (plain.Span.EndsWith("/"u8))
        {
            plain = plain[..^1];
        }

        bool isPlain = true;
        foreach (Range range in plain.Span.Split((byte)'/'))
        {
            ReadOnlySpan<byte> component = plain.Span[range];
            if (component.SequenceEqual(".."u8))
            {
                refusal = "Its name leads upwards with '..'.";
                return false;
            }

            isPlain &= !component.IsEmpty && !component.SequenceEqual("."u8);
        }

        path = isPlain ? new EntryPath(plain) : Collapse(plain.Span);
        return true;
    }

    private static EntryPath Collapse(ReadOnlySpan<byte> name)
    {
        byte[] bytes = new byte[name.Length];
        int length = 0;
        foreach (Range range in name.Split((byte)'/'))
        {
            ReadOnlySpan<byte> component = name[range];
            if (component.IsEmpty || component.SequenceEqual("."u8))
            {
                continue;
            }

            if (length > 0)
            {
                bytes[length++] = (byte)'/';
            }

            component.CopyTo(bytes.AsSpan(length));
            length += component.Length;
        }

        return new EntryPath(bytes.AsMemory(0, length));
    }
}
