using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Freezer.Storage.S3;

/// <summary>Makes a client of the AWS SDK that gets on with any S3-compatible server.</summary>
internal static class S3Client
{
    private const string DefaultRegion = "us-east-1";

    /// <summary>As much as is handed to a socket at once.</summary>
    private const int BufferSize = 128 << 10;

    internal static AmazonS3Client Create(S3StorageOptions options, S3Transport transport)
    {
        var config = new AmazonS3Config
        {
            // Parts are retried here, where the whole of them is in memory, and each attempt has a deadline of its own.
            MaxErrorRetry = 0,
            Timeout = Timeout.InfiniteTimeSpan,
            BufferSize = BufferSize,

            // Trailing checksums are what other servers stumble over. The signature holds a SHA-256 of each request's content, which all of them verify.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            ForcePathStyle = options.UsePathStyle ?? options.Endpoint is not null,
            HttpClientFactory = transport,
        };
        // The machine's own region says nothing of another server, and asking for it takes long where there is none.
        string? region = options.Region ?? FallbackRegionFactory.GetRegionEndpoint(includeInstanceMetadata: options.Endpoint is null)?.SystemName;
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = region ?? DefaultRegion;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region ?? DefaultRegion);
        }

        return options.Credentials is { } credentials ? new AmazonS3Client(credentials, config) : new AmazonS3Client(config);
    }

    /// <summary>Disposes a client that was made here, with its connections.</summary>
    internal static void Dispose(IAmazonS3 client)
    {
        client.Dispose();
        ((client.Config as ClientConfig)?.HttpClientFactory as S3Transport)?.Dispose();
    }
}
