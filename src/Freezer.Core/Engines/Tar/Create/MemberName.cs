namespace Freezer.Engines.Tar.Create;

/// <summary>How members are named: <c>./</c>, <c>./directory/</c>, <c>./directory/file</c>.</summary>
internal static class MemberName
{
    private static ReadOnlySpan<byte> Prefix => "./"u8;

    internal static byte[] OfDirectory(EntryPath path)
    {
        if (path.IsRoot)
        {
            return Prefix.ToArray();
        }

        byte[] name = new byte[Prefix.Length + path.Bytes.Length + 1];
        Prefix.CopyTo(name);
        path.Bytes.Span.CopyTo(name.AsSpan(Prefix.Length));
        name[^1] = (byte)'/';
        return name;
    }

    internal static byte[] Of(EntryPath directory, ReadOnlySpan<byte> entry)
    {
        int start = Prefix.Length + (directory.IsRoot ? 0 : directory.Bytes.Length + 1);
        byte[] name = new byte[start + entry.Length];
        Prefix.CopyTo(name);
        if (!directory.IsRoot)
        {
            directory.Bytes.Span.CopyTo(name.AsSpan(Prefix.Length));
            name[start - 1] = (byte)'/';
        }

        entry.CopyTo(name.AsSpan(start));
        return name;
    }

    internal static byte[] Of(EntryPath path) => [.. Prefix, .. path.Bytes.Span];

    /// <summary>The path from the root of a member that is no directory.</summary>
    internal static EntryPath ToPath(byte[] member) => new(member.AsMemory(Prefix.Length));
}
