using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Reads keys from the files that the command line names.</summary>
internal static class KeyOptions
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the key that two options name, where one of them is there. The caller disposes it.</summary>
    /// <exception cref="ArgumentException">Both are there, or the file holds no key.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static IKeyProvider? Read(ParseResult arguments, Option<string> passphraseFile, Option<string> keyFile)
    {
        string? passphrase = arguments.GetValue(passphraseFile);
        string? key = arguments.GetValue(keyFile);
        return passphrase is not null && key is not null ? throw new ArgumentException($"{passphraseFile.Name} and {keyFile.Name} exclude one another.")
            : passphrase is not null ? ReadPassphrase(passphrase)
            : key is not null ? ReadKey(key)
            : null;
    }

    /// <summary>Reads the key that opens the repository, where there is one.</summary>
    internal static IKeyProvider? Read(ParseResult arguments) => Read(arguments, CommonOptions.PassphraseFile, CommonOptions.KeyFile);

    private static PassphraseKey ReadPassphrase(string path)
    {
        byte[] content = ReadFile(path, "passphrase");
        char[] characters = [];
        try
        {
            ReadOnlySpan<byte> line = content;
            int end = line.IndexOf((byte)'\n');
            line = (end < 0 ? line : line[..end]).TrimEnd((byte)'\r');
            if (line.StartsWith(Encoding.UTF8.Preamble))
            {
                line = line[Encoding.UTF8.Preamble.Length..];
            }

            if (line.IsEmpty)
            {
                throw new ArgumentException($"The first line of '{path}' is empty: the passphrase is expected there.");
            }

            characters = new char[_strict.GetCharCount(line)];
            _strict.GetChars(line, characters);
            return new PassphraseKey(characters);
        }
        catch (DecoderFallbackException exception)
        {
            throw new ArgumentException($"The first line of '{path}' is not UTF-8 text.", exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
            characters.AsSpan().Clear();
        }
    }

    private static RawKey ReadKey(string path)
    {
        byte[] content = ReadFile(path, "key");
        try
        {
            return content.Length == RawKey.Size ? new RawKey(content)
                : throw new ArgumentException($"The key file '{path}' has {content.Length} bytes, and a key has {RawKey.Size}. Make one with: head -c {RawKey.Size} /dev/urandom > FILE");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static byte[] ReadFile(string path, string kind)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The {kind} file '{path}' cannot be read: {exception.Message}", exception);
        }
    }
}
