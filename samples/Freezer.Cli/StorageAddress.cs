using System.Text.RegularExpressions;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Where a storage is, as the command line names it.</summary>
internal sealed partial record StorageAddress
{
    private StorageAddress(string path) => Path = path;

    /// <summary>The directory.</summary>
    internal string Path { get; }

    /// <summary>Reads an address.</summary>
    /// <param name="text">A path, or <c>file:///PATH</c>. A path with a colon in its first segment is written <c>./PATH</c>.</param>
    /// <exception cref="FormatException">It is neither; the message says what there is.</exception>
    internal static StorageAddress Parse(string text)
    {
        if (text.Length == 0)
        {
            throw new FormatException("The storage is empty: give a path, or file:///PATH.");
        }

        Match scheme = Scheme().Match(text);
        if (!scheme.Success)
        {
            return new StorageAddress(text);
        }

        if (scheme.Groups[1].Value != Uri.UriSchemeFile)
        {
            throw new FormatException(
                $"The storage '{text}' is of the kind '{scheme.Groups[1].Value}', and this program knows these: a path, and file:///PATH. (A path with a colon in it is written ./PATH.)");
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Host.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
            ? new StorageAddress(uri.LocalPath)
            : throw new FormatException($"The storage '{text}' is not of the form file:///PATH, with %23 for # and %3F for ?.");
    }

    /// <summary>Opens a storage, or a mirror of several.</summary>
    /// <param name="addresses">Where they are. One that is missing is out of the mirror.</param>
    /// <param name="quorum">How many have to take each write; <see langword="null"/> for all.</param>
    /// <param name="mayCreate">Whether directories that are missing are made.</param>
    internal static IStorage Open(StorageAddress[] addresses, int? quorum, bool mayCreate)
    {
        if (addresses.Length == 1)
        {
            return quorum is null ? addresses[0].Open(mayCreate) : throw new ArgumentException("--quorum is an option of a mirror: give several storages.");
        }

        bool isAnyThere = mayCreate || addresses.Any(static address => Directory.Exists(address.Path));
        return new MirrorStorage(
            [.. addresses.Select(address => new MirrorMember(address.Path, isAnyThere ? new FileStorage(address.Path, new FileStorageOptions { CreateRoot = mayCreate }) : address.Open(mayCreate)))],
            new MirrorOptions { Quorum = quorum });
    }

    /// <summary>Opens the storage.</summary>
    /// <param name="mayCreate">Whether a directory that is missing is made, rather than being an error.</param>
    /// <exception cref="DirectoryNotFoundException">The directory is missing.</exception>
    internal IStorage Open(bool mayCreate) => mayCreate || Directory.Exists(Path)
        ? new FileStorage(Path, new FileStorageOptions { CreateRoot = mayCreate })
        : throw new DirectoryNotFoundException($"There is no storage at '{Path}': there is no such directory.");

    /// <summary>Two letters at least, so that a drive letter is a path.</summary>
    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]+):")]
    private static partial Regex Scheme();
}
