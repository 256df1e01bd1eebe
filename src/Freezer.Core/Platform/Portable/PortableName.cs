using System.Buffers;
using System.Text;

namespace Freezer.Platform.Portable;

/// <summary>Names between bytes, as archives hold them, and text, as the base class library takes them.</summary>
internal static class PortableName
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>What Windows gives a meaning of its own: above all separators, and the colon of an alternate stream.</summary>
    private static readonly SearchValues<char> s_windowsReserved = SearchValues.Create("<>:\"/\\|?*");

    private static readonly string[] s_windowsDevices =
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³",
         "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³"];

    /// <summary>Whether text can be written as UTF-8 and read back: false for an unpaired surrogate.</summary>
    internal static bool IsText(ReadOnlySpan<char> name)
    {
        try
        {
            _ = s_utf8.GetByteCount(name);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The name of an entry as text.</summary>
    /// <exception cref="ArgumentException">It is not a single component.</exception>
    /// <exception cref="FileSystemException">This system has no such name.</exception>
    internal static string ToText(ReadOnlySpan<byte> name)
    {
        EntryName.Check(name);
        string text = Decode(name, "name");
        if (OperatingSystem.IsWindows() && WhyNotOnWindows(text) is { } reason)
        {
            throw new FileSystemException(FileError.NotSupported, $"'{EntryPath.ToText(name)}' is not a name that Windows allows: {reason}");
        }

        return text;
    }

    /// <summary>A link's target as text.</summary>
    internal static string TargetToText(ReadOnlySpan<byte> target) => Decode(target, "link's target");

    /// <summary>Says what Windows has against a name, or <see langword="null"/> where nothing.</summary>
    internal static string? WhyNotOnWindows(ReadOnlySpan<char> name)
    {
        if (name.ContainsAny(s_windowsReserved))
        {
            return "it holds one of < > : \" / \\ | ? *";
        }

        foreach (char c in name)
        {
            if (c < ' ')
            {
                return "it holds a control character";
            }
        }

        if (name[^1] is '.' or ' ')
        {
            return "it ends with a dot or a space";
        }

        int dot = name.IndexOf('.');
        ReadOnlySpan<char> stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        foreach (string device in s_windowsDevices)
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
            {
                return "it is the name of a device";
            }
        }

        return null;
    }

    private static string Decode(ReadOnlySpan<byte> bytes, string what)
    {
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new FileSystemException(FileError.NotSupported, $"The {what} '{EntryPath.ToText(bytes)}' is not valid UTF-8, and the base class library knows no other", exception);
        }
    }
}
