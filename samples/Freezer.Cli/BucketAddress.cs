using Freezer.Storage;
using Freezer.Storage.S3;

namespace Freezer.Cli;

/// <summary>A storage in a bucket of an S3-compatible object store. Credentials come from the environment, as for other programs of AWS.</summary>
internal sealed record BucketAddress(S3StorageOptions Options) : StorageAddress
{
    private const string Form = "s3://BUCKET/PREFIX?endpoint=URL&region=NAME&storage-class=NAME&path-style=true|false";

    /// <summary>Reads an address that begins with <c>s3:</c>.</summary>
    /// <exception cref="FormatException">It is not of the form; the message says what is wrong.</exception>
    internal static new BucketAddress Parse(string text)
    {
        string rest = text.StartsWith("s3://", StringComparison.Ordinal) ? text["s3://".Length..] : throw Malformed(text);
        (string place, string query) = Split(rest, '?');
        (string bucket, string prefix) = Split(place, '/');
        if (bucket.Length == 0)
        {
            throw Malformed(text);
        }

        var options = new S3StorageOptions { Bucket = bucket, Prefix = Uri.UnescapeDataString(prefix.Trim('/')) };
        foreach (string parameter in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            (string name, string value) = Split(parameter, '=');
            value = Uri.UnescapeDataString(value);
            options = name switch
            {
                "endpoint" => options with { Endpoint = ParseEndpoint(text, value) },
                "region" => options with { Region = value },
                "storage-class" => options with { StorageClass = value },
                "path-style" => options with { UsePathStyle = bool.TryParse(value, out bool isUsed) ? isUsed : throw Malformed(text) },
                _ => throw new FormatException($"The storage '{text}' has a parameter '{name}', and there are only those of {Form}."),
            };
        }

        return new BucketAddress(options);
    }

    /// <inheritdoc/>
    internal override string Text => $"s3://{Options.Bucket}/{Options.Prefix}";

    /// <inheritdoc/>
    internal override bool IsThere => true;

    /// <inheritdoc/>
    internal override async Task<IStorage> OpenAsync(bool mayCreate, CancellationToken cancellationToken) => await S3Storage.OpenAsync(Options, cancellationToken);

    /// <inheritdoc/>
    protected override Task<IStorage> OpenMemberAsync(bool mayCreate, CancellationToken cancellationToken) => OpenAsync(mayCreate, cancellationToken);

    private static Uri ParseEndpoint(string text, string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new FormatException($"The storage '{text}' has the endpoint '{value}', and http://HOST:PORT or https://HOST is expected.");

    private static (string Before, string After) Split(string text, char separator)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }

    private static FormatException Malformed(string text) => new($"The storage '{text}' is not of the form {Form}.");
}
