using System.Buffers;
using System.Text;

namespace Freezer;

/// <summary>The path of an entry below its root: components of bytes, separated by <c>/</c>. The root itself is empty.</summary>
/// <remarks>
/// File names are bytes on most systems and need not be valid UTF-8. The one text form shows valid UTF-8 as it is, and
/// every other byte, every control character and the backslash as <c>\xHH</c>, so that it leads back to the same bytes.
/// Paths compare component by component, by unsigned bytes: a directory comes before what is in it.
/// </remarks>
public readonly struct EntryPath : IEquatable<EntryPath>, IComparable<EntryPath>
{
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>Makes a path of bytes, which are not copied: they must not change.</summary>
    /// <param name="bytes">Components separated by <c>/</c>, without <c>./</c> in front and without a slash at the end.</param>
    public EntryPath(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The path of the root.</summary>
    public static EntryPath Root => default;

    /// <summary>The path's bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Whether this is the root.</summary>
    public bool IsRoot => _bytes.IsEmpty;

    /// <summary>The last component; empty for the root.</summary>
    public ReadOnlyMemory<byte> Name => _bytes[(_bytes.Span.LastIndexOf((byte)'/') + 1)..];

    /// <summary>The directory that the entry is in; the root for an entry of the root.</summary>
    public EntryPath Parent => new(_bytes[..Math.Max(_bytes.Span.LastIndexOf((byte)'/'), 0)]);

    /// <summary>Reads the text form. A leading <c>./</c> and a trailing slash are left out.</summary>
    /// <param name="text">A path, with <c>\xHH</c> for bytes that are not text.</param>
    /// <exception cref="ArgumentException">A backslash is not followed by <c>x</c> and two hexadecimal digits, or a component is empty, <c>.</c> or <c>..</c>.</exception>
    public static EntryPath Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<char> rest = text.AsSpan();
        while (rest.StartsWith("./", StringComparison.Ordinal))
        {
            rest = rest[2..].TrimStart('/');
        }

        rest = rest.TrimEnd('/');
        if (rest.IsEmpty || rest is ".")
        {
            return Root;
        }

        var bytes = new ArrayBufferWriter<byte>(rest.Length);
        while (!rest.IsEmpty)
        {
            int plain = rest.IndexOf('\\');
            ReadOnlySpan<char> run = plain < 0 ? rest : rest[..plain];
            Encoding.UTF8.GetBytes(run, bytes);
            rest = rest[run.Length..];
            if (rest.IsEmpty)
            {
                break;
            }

            if (rest.Length < 4 || rest[1] != 'x' || !byte.TryParse(rest[2..4], System.Globalization.NumberStyles.AllowHexSpecifier, null, out byte value))
            {
                throw new ArgumentException($"In the path '{text}' a backslash is not followed by x and two hexadecimal digits; write a backslash as \\x5C.", nameof(text));
            }

            bytes.GetSpan(1)[0] = value;
            bytes.Advance(1);
            rest = rest[4..];
        }

        foreach (Range range in bytes.WrittenSpan.Split((byte)'/'))
        {
            ReadOnlySpan<byte> component = bytes.WrittenSpan[range];
            if (component.IsEmpty || component.SequenceEqual("."u8) || component.SequenceEqual(".."u8))
            {
                throw new ArgumentException($"The path '{text}' is not relative, or has a component that is empty, '.' or '..'.", nameof(text));
            }
        }

        return new EntryPath(bytes.WrittenMemory);
    }

    /// <summary>The path of an entry in this directory.</summary>
    /// <param name="name">A single component.</param>
    public EntryPath Append(ReadOnlySpan<byte> name)
    {
        if (IsRoot)
        {
            return new EntryPath(name.ToArray());
        }

        byte[] bytes = new byte[_bytes.Length + 1 + name.Length];
        _bytes.Span.CopyTo(bytes);
        bytes[_bytes.Length] = (byte)'/';
        name.CopyTo(bytes.AsSpan(_bytes.Length + 1));
        return new EntryPath(bytes);
    }

    /// <summary>Whether this path is the other one or lies below it.</summary>
    /// <param name="other">A directory.</param>
    public bool IsAtOrBelow(EntryPath other) =>
        other.IsRoot
        || (_bytes.Span.StartsWith(other._bytes.Span)
            && (_bytes.Length == other._bytes.Length || _bytes.Span[other._bytes.Length] == (byte)'/'));

    /// <inheritdoc/>
    public int CompareTo(EntryPath other) => Compare(_bytes.Span, other._bytes.Span);

    /// <inheritdoc/>
    public bool Equals(EntryPath other) => _bytes.Span.SequenceEqual(other._bytes.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EntryPath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bytes.Span);
        return hash.ToHashCode();
    }

    /// <summary>The text form; <c>.</c> for the root.</summary>
    public override string ToString() => IsRoot ? "." : ToText(_bytes.Span);

    /// <summary>Whether two paths are the same.</summary>
    public static bool operator ==(EntryPath left, EntryPath right) => left.Equals(right);

    /// <summary>Whether two paths differ.</summary>
    public static bool operator !=(EntryPath left, EntryPath right) => !left.Equals(right);

    /// <summary>Whether the left path comes before the right one.</summary>
    public static bool operator <(EntryPath left, EntryPath right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left path comes after the right one.</summary>
    public static bool operator >(EntryPath left, EntryPath right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left path comes before the right one or is the same.</summary>
    public static bool operator <=(EntryPath left, EntryPath right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left path comes after the right one or is the same.</summary>
    public static bool operator >=(EntryPath left, EntryPath right) => left.CompareTo(right) >= 0;

    /// <summary>Compares component by component: the separator sorts before every byte.</summary>
    internal static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int common = left.CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        byte a = left[common];
        byte b = right[common];
        return a == (byte)'/' ? -1 : b == (byte)'/' ? 1 : a.CompareTo(b);
    }

    /// <summary>The text form of any name.</summary>
    internal static string ToText(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            bool valid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == OperationStatus.Done;
            if (valid && rune.Value != '\\' && !Rune.IsControl(rune))
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (byte value in bytes[..used])
                {
                    text.Append("\\x").Append(value.ToString("X2", null));
                }
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }
}
