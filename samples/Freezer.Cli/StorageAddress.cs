using System.Text.RegularExpressions;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>Where a storage is, as the command line names it.</summary>
internal abstract partial record StorageAddress
{
    /// <summary>What there is, for messages.</summary>
    internal const string Forms = "a path, file:///PATH, and s3://BUCKET/PREFIX?endpoint=URL&region=NAME";

    /// <summary>Reads an address.</summary>
    /// <param name="text">A path, <c>file:///PATH</c> or <c>s3://BUCKET/PREFIX</c>. A path with a colon in its first segment is written <c>./PATH</c>.</param>
    /// <exception cref="FormatException">It is none of these; the message says what there is.</exception>
    internal static StorageAddress Parse(string text)
    {
        if (text.Length == 0)
        {
            throw new FormatException($"The storage is empty: give {Forms}.");
        }

        if (text == "~" || text.StartsWith("~/", StringComparison.Ordinal))
        {
            throw new FormatException($"The storage '{text}' begins with a ~ that the shell did not replace: write $HOME, or ./~ for a directory of that name.");
        }

        Match scheme = Scheme().Match(text);
        return !scheme.Success ? new DirectoryAddress(text)
            : scheme.Groups[1].Value switch
            {
                "file" => ParseFile(text),
                "s3" => BucketAddress.Parse(text),
                var other => throw new FormatException(
                    $"The storage '{text}' is of the kind '{other}', and this program knows these: {Forms}. (A path with a colon in it is written ./PATH.)"),
            };
    }

    /// <summary>The address, for people.</summary>
    internal abstract string Text { get; }

    /// <summary>Whether there is something at it, as far as that can be told without opening it.</summary>
    internal abstract bool IsThere { get; }

    /// <summary>Opens a storage, or a mirror of several.</summary>
    /// <param name="addresses">Where they are. One of several that is missing, or cannot be reached, is out of the mirror.</param>
    /// <param name="quorum">How many have to take each write; <see langword="null"/> for all.</param>
    /// <param name="mayCreate">Whether directories that are missing are made.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    internal static async Task<IStorage> OpenAsync(StorageAddress[] addresses, int? quorum, bool mayCreate, CancellationToken cancellationToken)
    {
        if (addresses.Length == 1)
        {
            return quorum is null ? await addresses[0].OpenAsync(mayCreate, cancellationToken) : throw new ArgumentException("--quorum is an option of a mirror: give several storages.");
        }

        bool isAnyThere = mayCreate || addresses.Any(static address => address.IsThere);
        var members = new List<MirrorMember>();
        try
        {
            foreach (StorageAddress address in addresses)
            {
                members.Add(await MirrorMember.OpenAsync(
                    address.Text, token => isAnyThere ? address.OpenMemberAsync(mayCreate, token) : address.OpenAsync(mayCreate, token), cancellationToken));
            }

            return new MirrorStorage([.. members], new MirrorOptions { Quorum = quorum });
        }
        catch
        {
            foreach (MirrorMember member in members)
            {
                await member.Storage.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Opens the storage.</summary>
    /// <param name="mayCreate">Whether a directory that is missing is made, rather than being an error. A bucket must be there.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="IOException">It is missing, or cannot be opened.</exception>
    internal abstract Task<IStorage> OpenAsync(bool mayCreate, CancellationToken cancellationToken);

    /// <summary>Opens the storage as one of several that hold the same: it may be missing for now.</summary>
    protected abstract Task<IStorage> OpenMemberAsync(bool mayCreate, CancellationToken cancellationToken);

    private static DirectoryAddress ParseFile(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Host.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
            ? new DirectoryAddress(uri.LocalPath)
            : throw new FormatException($"The storage '{text}' is not of the form file:///PATH, with %23 for # and %3F for ?.");

    /// <summary>Two letters at least, so that a drive letter is a path.</summary>
    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]+):")]
    private static partial Regex Scheme();
}
