using System.Net;
using Amazon.Runtime;

namespace Freezer.Storage.S3;

/// <summary>The connections of one client. Every answer but the content of an object is read to its end here, where the deadline of the request still ends
/// it: the SDK parses documents straight from the connection, and a server that falls silent amid one would never be given up.</summary>
internal sealed class S3Transport(HttpMessageHandler connections) : HttpClientFactory, IDisposable
{
    /// <summary>Up to so many bytes are sent also after a server that was asked first has refused them.</summary>
    private const int SentUnasked = 1024;

    /// <summary>No document is as large: the largest list a thousand names of a kilobyte each.</summary>
    private const int LargestDocument = 64 << 20;

    private readonly HttpClient _client = new(new DocumentReader(connections)) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Connections of the system.</summary>
    internal static S3Transport ToServer() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,

        // A name that points elsewhere now is noticed.
        PooledConnectionLifetime = TimeSpan.FromMinutes(15),
    });

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();

    private sealed class DocumentReader(HttpMessageHandler connections) : DelegatingHandler(connections)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content?.Headers.ContentLength <= SentUnasked)
            {
                // Ceph would take what comes after its refusal for the next request on this connection.
                request.Headers.ExpectContinue = null;
            }

            HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            bool isObject = request.Headers.Contains("Range") && response.IsSuccessStatusCode;
            if (isObject || request.Method == HttpMethod.Head)
            {
                // The answer to HEAD states how long the object is, and ends there.
                return response;
            }

            try
            {
                await response.Content.LoadIntoBufferAsync(LargestDocument, cancellationToken).ConfigureAwait(false);
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }
}
