namespace Freezer.Platform;

/// <summary>The rule for the names that directories take: a single component, which leads nowhere else.</summary>
internal static class EntryName
{
    /// <exception cref="ArgumentException">The name is empty, <c>.</c> or <c>..</c>, or holds a slash or a zero byte.</exception>
    internal static void Check(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.ContainsAny((byte)'/', (byte)0) || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
        {
            throw new ArgumentException($"'{EntryPath.ToText(name)}' is not the name of an entry: it is empty, '.' or '..', or holds a slash or a zero byte.", nameof(name));
        }
    }
}
