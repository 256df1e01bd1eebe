using System.Buffers;
using System.Security.Cryptography;

namespace Freezer.Storage;

/// <summary>Which names in a <see cref="FileStorage"/>'s directory stand for something else than an object.</summary>
internal static class FileStorageNames
{
    private const string TemporaryStart = ".freezer-";
    private const string TemporaryEnd = ".part";
    private const int TemporaryDigits = 32;
    private const int TemporaryLength = 9 + TemporaryDigits + 5;

    /// <summary>Where an ext file system that is mounted at the root keeps what a check found.</summary>
    private const string LostAndFound = "lost+found";

    private static readonly SearchValues<char> ForbiddenOnWindows = SearchValues.Create("<>:\"|?*");

    /// <summary>A name for an object that is being written, <c>.freezer-</c>, 32 random digits, <c>.part</c>: beside the target,
    /// so that giving it its final name never leaves the file system.</summary>
    internal static string NewTemporary() =>
        string.Concat(TemporaryStart, RandomNumberGenerator.GetHexString(TemporaryDigits, lowercase: true), TemporaryEnd);

    /// <summary>Case plays no part, since it plays none on some file systems.</summary>
    internal static bool IsTemporary(ReadOnlySpan<char> name) =>
        name.Length == TemporaryLength
        && name.StartsWith(TemporaryStart, StringComparison.OrdinalIgnoreCase)
        && name.EndsWith(TemporaryEnd, StringComparison.OrdinalIgnoreCase);

    internal static bool IsReserved(ReadOnlySpan<char> name, bool isBelowRoot) =>
        IsTemporary(name) || (isBelowRoot && name.Equals(LostAndFound, StringComparison.OrdinalIgnoreCase));

    /// <summary>Says why no file of this storage can have this key, or <see langword="null"/> where one can.</summary>
    internal static string? Check(ReadOnlySpan<char> key, bool onWindows)
    {
        bool isBelowRoot = true;
        foreach (Range range in key.Split('/'))
        {
            ReadOnlySpan<char> segment = key[range];
            if (IsReserved(segment, isBelowRoot))
            {
                return $"the name '{segment}' is reserved in a directory";
            }

            if (onWindows && CheckOnWindows(segment) is { } reason)
            {
                return reason;
            }

            isBelowRoot = false;
        }

        return null;
    }

    /// <summary>The rules of "Naming Files, Paths, and Namespaces" in the Windows documentation.</summary>
    private static string? CheckOnWindows(ReadOnlySpan<char> segment)
    {
        if (segment.ContainsAny(ForbiddenOnWindows))
        {
            return $"the name '{segment}' holds a character that Windows allows in no file name";
        }

        if (segment[^1] is '.' or ' ')
        {
            return $"the name '{segment}' ends with a character that Windows drops";
        }

        int dot = segment.IndexOf('.');
        ReadOnlySpan<char> stem = (dot < 0 ? segment : segment[..dot]).TrimEnd(' ');
        return IsWindowsDevice(stem) ? $"the name '{segment}' is that of a device on Windows" : null;
    }

    private static bool IsWindowsDevice(ReadOnlySpan<char> stem) => stem.Length switch
    {
        3 => Is(stem, "CON") || Is(stem, "PRN") || Is(stem, "AUX") || Is(stem, "NUL"),
        4 => (Is(stem[..3], "COM") || Is(stem[..3], "LPT")) && stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³',
        6 => Is(stem, "CONIN$"),
        7 => Is(stem, "CONOUT$"),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<char> stem, string name) => stem.Equals(name, StringComparison.OrdinalIgnoreCase);
}
