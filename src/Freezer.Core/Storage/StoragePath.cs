using System.Text;

namespace Freezer.Storage;

/// <summary>The rules that keys and prefixes share.</summary>
internal static class StoragePath
{
    internal const int LongestKey = 1024;
    internal const int LongestSegment = 255;

    /// <summary>Says what is wrong with a path, or <see langword="null"/> where nothing is.</summary>
    internal static string? Check(string path)
    {
        if (path.Length == 0)
        {
            return "it is empty";
        }

        foreach (char c in path)
        {
            if (char.IsControl(c))
            {
                return "it holds a control character";
            }

            if (c == '\\')
            {
                return "it holds a backslash";
            }
        }

        foreach (Range range in path.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> segment = path.AsSpan()[range];
            if (segment.IsEmpty)
            {
                return "it has an empty segment";
            }

            if (segment is "." or "..")
            {
                return $"it has a segment '{segment}'";
            }

            if (!TryCountBytes(segment, out int bytes))
            {
                return "it holds an unpaired surrogate";
            }

            if (bytes > LongestSegment)
            {
                return $"a segment has {bytes} bytes, at most {LongestSegment} are allowed";
            }
        }

        return Encoding.UTF8.GetByteCount(path) > LongestKey ? $"it has more than {LongestKey} bytes" : null;
    }

    /// <summary>Compares as the UTF-8 bytes would, without encoding: only surrogates sort differently in UTF-16.</summary>
    internal static int Compare(string left, string right)
    {
        int length = Math.Min(left.Length, right.Length);
        int common = left.AsSpan(0, length).CommonPrefixLength(right.AsSpan(0, length));
        if (common == length)
        {
            return left.Length.CompareTo(right.Length);
        }

        char a = left[common];
        char b = right[common];
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b)
            : char.IsSurrogate(a) ? 1 : -1;
    }

    /// <summary>A text that is safe to show in a message.</summary>
    internal static string Printable(string value) =>
        string.Concat(value.Take(200).Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()));

    private static bool TryCountBytes(ReadOnlySpan<char> segment, out int bytes)
    {
        bytes = 0;
        while (!segment.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(segment, out Rune rune, out int used) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            bytes += rune.Utf8SequenceLength;
            segment = segment[used..];
        }

        return true;
    }
}
