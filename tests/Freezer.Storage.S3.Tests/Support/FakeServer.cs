using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Amazon.Runtime;

namespace Freezer.Storage.S3.Tests.Support;

/// <summary>An object store in this process that speaks the wire format of S3: what the SDK sends is parsed as a server would, and checksums are verified.</summary>
internal sealed class FakeServer(FakeTraits? traits = null) : HttpMessageHandler
{
    internal const string Bucket = "bucket";

    private static readonly XNamespace _schema = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, FakeObject> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FakeUpload> _uploads = [];
    private readonly List<FakeRequest> _requests = [];
    private int _lastId;

    internal FakeTraits Traits { get; } = traits ?? new FakeTraits();

    /// <summary>Looks at each request before it is served, and may answer or fail in the server's place.</summary>
    internal Func<FakeRequest, CancellationToken, Task<HttpResponseMessage?>>? Before { get; set; }

    /// <summary>Looks at each answer before it is sent, and may lose it.</summary>
    internal Func<FakeRequest, HttpResponseMessage, HttpResponseMessage>? After { get; set; }

    /// <summary>The time by which the server stamps.</summary>
    internal DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    internal IReadOnlyList<string> Names
    {
        get
        {
            lock (_lock)
            {
                return [.. _objects.Keys];
            }
        }
    }

    internal int OpenUploads
    {
        get
        {
            lock (_lock)
            {
                return _uploads.Count;
            }
        }
    }

    internal S3StorageOptions Options { get; init; } = new()
    {
        Bucket = Bucket,
        Endpoint = new Uri("http://s3.test"),
        Region = "us-east-1",
        Credentials = new BasicAWSCredentials("access", "secret"),
        PartSize = 5 << 20,
        RetryFor = TimeSpan.FromMinutes(1),
    };

    internal Task<S3Storage> OpenAsync(CancellationToken cancellationToken = default) => OpenAsync(Options, cancellationToken);

    internal Task<S3Storage> OpenAsync(S3StorageOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        return S3Storage.OpenAsync(S3Client.Create(options, new S3Transport(this)), options, ownsClient: true, cancellationToken);
    }

    internal Amazon.S3.AmazonS3Client NewClient() => S3Client.Create(Options, new S3Transport(this));

    internal FakeObject this[string name]
    {
        get
        {
            lock (_lock)
            {
                return _objects[name];
            }
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        byte[] body = message.Content is null ? [] : await message.Content.ReadAsByteArrayAsync(cancellationToken);
        var request = new FakeRequest(message, body);
        lock (_lock)
        {
            _requests.Add(request);
        }

        if (Before is { } before && await before(request, cancellationToken) is { } answer)
        {
            return answer;
        }

        cancellationToken.ThrowIfCancellationRequested();
        HttpResponseMessage response;
        lock (_lock)
        {
            response = Serve(request);
        }

        response.RequestMessage = message;
        return After?.Invoke(request, response) ?? response;
    }

    internal static HttpResponseMessage Error(HttpStatusCode status, string code, string message = "") => new(status)
    {
        Content = new StringContent(new XElement("Error", new XElement("Code", code), new XElement("Message", message)).ToString(), Encoding.UTF8, "application/xml"),
    };

    private HttpResponseMessage Serve(FakeRequest request)
    {
        if (request.Bucket != Bucket)
        {
            return Error(HttpStatusCode.NotFound, "NoSuchBucket", "The specified bucket does not exist");
        }

        string sent = request.Header("x-amz-content-sha256") ?? "";
        if (sent != Convert.ToHexStringLower(SHA256.HashData(request.Body)))
        {
            return Error(HttpStatusCode.BadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
        }

        if (Traits.RetainsAll && request.Method == "PUT" && request.Header("x-amz-copy-source") is null && request.Header("Content-MD5") is not { Length: > 0 })
        {
            return Error(HttpStatusCode.BadRequest, "InvalidRequest", "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters");
        }

        return (request.Method, request.Name.Length > 0) switch
        {
            ("GET", false) when request.Has("uploads") => ListUploads(request),
            ("GET", false) => List(request),
            ("POST", false) when request.Has("delete") => DeleteMany(request),
            ("POST", true) when request.Has("uploads") => Initiate(request),
            ("POST", true) when request.Has("uploadId") => Complete(request),
            ("PUT", true) when request.Has("uploadId") && request.Header("x-amz-copy-source") is { } source => CopyPart(request, source),
            ("PUT", true) when request.Has("uploadId") => UploadPart(request),
            ("PUT", true) => Put(request),
            ("GET", true) when request.Has("uploadId") => ListParts(request),
            ("GET", true) or ("HEAD", true) => Get(request),
            ("DELETE", true) when request.Has("uploadId") => Abort(request),
            ("DELETE", true) => Delete(request),
            _ => Error(HttpStatusCode.NotImplemented, "NotImplemented"),
        };
    }

    private HttpResponseMessage Put(FakeRequest request)
    {
        if (request.Header("If-None-Match") is not null)
        {
            switch (Traits.ConditionalPut)
            {
                case FakeCondition.Refused:
                    return Error(HttpStatusCode.NotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.");
                case FakeCondition.Misunderstood:
                    return Error(HttpStatusCode.BadRequest, "InvalidArgument", "Invalid argument.");
                case FakeCondition.Honoured when _objects.ContainsKey(request.Name):
                    return Error(HttpStatusCode.PreconditionFailed, "PreconditionFailed");
            }
        }

        FakeObject stored = Store(request.Name, request.Body, request);
        var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.ETag = new(stored.ETag);
        return response;
    }

    private FakeObject Store(string name, byte[] content, FakeRequest from) => _objects[name] = new FakeObject(
        content, $"\"{Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.MD5, content))}\"", Now,
        from.Headers.Where(static header => header.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase)).ToDictionary(StringComparer.OrdinalIgnoreCase));

    private HttpResponseMessage Get(FakeRequest request)
    {
        if (!_objects.TryGetValue(request.Name, out FakeObject? found))
        {
            return request.Method == "HEAD" ? new HttpResponseMessage(HttpStatusCode.NotFound) : Error(HttpStatusCode.NotFound, "NoSuchKey");
        }

        if (request.Header("If-Match") is { } wanted && wanted != found.ETag)
        {
            return Error(HttpStatusCode.PreconditionFailed, "PreconditionFailed");
        }

        int start = 0, end = found.Content.Length;
        var response = new HttpResponseMessage(HttpStatusCode.OK);
        string? contentRange = null;
        if (request.Header("Range") is { } range)
        {
            string[] ends = range["bytes=".Length..].Split('-');
            long from = long.Parse(ends[0], CultureInfo.InvariantCulture);
            if (from >= found.Content.Length)
            {
                return Error(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange");
            }

            start = (int)from;
            end = (int)Math.Min(long.Parse(ends[1], CultureInfo.InvariantCulture) + 1, found.Content.Length);
            response.StatusCode = HttpStatusCode.PartialContent;
            contentRange = $"bytes {start}-{end - 1}/{found.Content.Length}";
        }

        response.Content = new ByteArrayContent(found.Content, start, request.Method == "HEAD" ? 0 : end - start);
        response.Content.Headers.ContentLength = end - start;
        response.Content.Headers.LastModified = found.Modified;
        if (contentRange is not null)
        {
            response.Content.Headers.TryAddWithoutValidation("Content-Range", contentRange);
        }

        response.Headers.ETag = new(found.ETag);
        foreach ((string name, string value) in found.Headers)
        {
            if (name.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase))
            {
                response.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    private HttpResponseMessage List(FakeRequest request)
    {
        string prefix = request.Query("prefix") ?? "";
        string after = request.Query("continuation-token") ?? "";
        int most = int.Parse(request.Query("max-keys") ?? "1000", CultureInfo.InvariantCulture);
        KeyValuePair<string, FakeObject>[] found = [.. _objects
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(pair.Key, after) > 0)
            .OrderBy(static pair => Convert.ToHexString(Encoding.UTF8.GetBytes(pair.Key)), StringComparer.Ordinal)
            .Take(Math.Min(most, Traits.PageSize) + 1)];
        bool isCut = found.Length > Math.Min(most, Traits.PageSize);
        found = isCut ? found[..^1] : found;
        return Xml(new XElement(
            _schema + "ListBucketResult",
            new XElement(_schema + "IsTruncated", isCut ? "true" : "false"),
            isCut ? new XElement(_schema + "NextContinuationToken", found[^1].Key) : null,
            found.Select(static pair => new XElement(
                _schema + "Contents",
                new XElement(_schema + "Key", pair.Key),
                new XElement(_schema + "LastModified", pair.Value.Modified.AddMilliseconds(789).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
                new XElement(_schema + "ETag", pair.Value.ETag),
                new XElement(_schema + "Size", pair.Value.Content.Length)))));
    }

    private HttpResponseMessage Delete(FakeRequest request)
    {
        _objects.Remove(request.Name);
        return new HttpResponseMessage(HttpStatusCode.NoContent);
    }

    private HttpResponseMessage DeleteMany(FakeRequest request)
    {
        if (!Traits.DeletesMany)
        {
            return Error(HttpStatusCode.BadRequest, "InvalidRequest", "Missing required header for this request: Content-MD5");
        }

        List<XElement> errors = [];
        foreach (XElement name in XElement.Parse(Encoding.UTF8.GetString(request.Body)).Descendants().Where(static element => element.Name.LocalName == "Key"))
        {
            if (Traits.Undeletable == name.Value)
            {
                errors.Add(new XElement(_schema + "Error", new XElement(_schema + "Key", name.Value), new XElement(_schema + "Code", "InternalError")));
                continue;
            }

            _objects.Remove(name.Value);
        }

        return Xml(new XElement(_schema + "DeleteResult", errors));
    }

    private HttpResponseMessage Initiate(FakeRequest request)
    {
        string id = $"upload-{++_lastId}";
        _uploads[id] = new FakeUpload(request.Name, request, Now);
        return Xml(new XElement(
            _schema + "InitiateMultipartUploadResult",
            new XElement(_schema + "Bucket", Bucket), new XElement(_schema + "Key", request.Name), new XElement(_schema + "UploadId", id)));
    }

    private HttpResponseMessage UploadPart(FakeRequest request) =>
        !_uploads.TryGetValue(request.Query("uploadId")!, out FakeUpload? upload) ? Error(HttpStatusCode.NotFound, "NoSuchUpload") : AddPart(upload, request, request.Body, out _);

    private HttpResponseMessage AddPart(FakeUpload upload, FakeRequest request, byte[] content, out string etag)
    {
        int number = int.Parse(request.Query("partNumber")!, CultureInfo.InvariantCulture);
        etag = $"\"{Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.MD5, content))}\"";
        if (number > Traits.MostParts)
        {
            return Error(HttpStatusCode.BadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
        }

        upload.Parts[number] = new FakePart(content, etag, Now);
        var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.ETag = new(etag);
        return response;
    }

    private HttpResponseMessage CopyPart(FakeRequest request, string source)
    {
        if (!_uploads.TryGetValue(request.Query("uploadId")!, out FakeUpload? upload))
        {
            return Error(HttpStatusCode.NotFound, "NoSuchUpload");
        }

        string name = Uri.UnescapeDataString(source).TrimStart('/')[(Bucket.Length + 1)..];
        if (!_objects.TryGetValue(name, out FakeObject? found))
        {
            return Error(HttpStatusCode.NotFound, "NoSuchKey");
        }

        HttpResponseMessage added = AddPart(upload, request, found.Content, out string etag);
        return !added.IsSuccessStatusCode ? added : Xml(new XElement(_schema + "CopyPartResult", new XElement(_schema + "ETag", etag)));
    }

    private HttpResponseMessage Complete(FakeRequest request)
    {
        string id = request.Query("uploadId")!;
        if (!_uploads.TryGetValue(id, out FakeUpload? upload))
        {
            return Error(HttpStatusCode.NotFound, "NoSuchUpload");
        }

        if (request.Header("If-None-Match") is not null)
        {
            switch (Traits.ConditionalComplete)
            {
                case FakeCondition.Refused:
                    return Error(HttpStatusCode.NotImplemented, "NotImplemented");
                case FakeCondition.Misunderstood:
                    return Error(HttpStatusCode.BadRequest, "InvalidArgument", "Invalid argument.");
                case FakeCondition.Honoured when _objects.ContainsKey(request.Name):
                    return Error(HttpStatusCode.PreconditionFailed, "PreconditionFailed");
            }
        }

        (int Number, string ETag)[] parts = [.. XElement.Parse(Encoding.UTF8.GetString(request.Body)).Descendants()
            .Where(static element => element.Name.LocalName == "Part")
            .Select(static part => (
                int.Parse(part.Elements().Single(static e => e.Name.LocalName == "PartNumber").Value, CultureInfo.InvariantCulture),
                part.Elements().Single(static e => e.Name.LocalName == "ETag").Value))];
        if (!parts.Select(static part => part.Number).SequenceEqual(parts.Select(static part => part.Number).Order())
            || parts.Any(part => !upload.Parts.TryGetValue(part.Number, out FakePart? there) || there.ETag.Trim('"') != part.ETag.Trim('"')))
        {
            return Error(HttpStatusCode.BadRequest, "InvalidPart");
        }

        if (parts.SkipLast(1).Any(part => upload.Parts[part.Number].Content.Length < S3StorageOptions.SmallestPart))
        {
            return Error(HttpStatusCode.BadRequest, "EntityTooSmall");
        }

        _uploads.Remove(id);
        FakeObject stored = Store(request.Name, [.. parts.SelectMany(part => upload.Parts[part.Number].Content)], upload.Request);
        return Xml(new XElement(_schema + "CompleteMultipartUploadResult", new XElement(_schema + "Key", request.Name), new XElement(_schema + "ETag", stored.ETag)));
    }

    private HttpResponseMessage Abort(FakeRequest request) =>
        _uploads.Remove(request.Query("uploadId")!) ? new HttpResponseMessage(HttpStatusCode.NoContent) : Error(HttpStatusCode.NotFound, "NoSuchUpload");

    private HttpResponseMessage ListUploads(FakeRequest request)
    {
        string prefix = request.Query("prefix") ?? "";
        return Xml(new XElement(
            _schema + "ListMultipartUploadsResult",
            new XElement(_schema + "IsTruncated", "false"),
            _uploads.Where(pair => pair.Value.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(static pair => new XElement(
                _schema + "Upload",
                new XElement(_schema + "Key", pair.Value.Name),
                new XElement(_schema + "UploadId", pair.Key),
                new XElement(_schema + "Initiated", Stamp(pair.Value.Begun))))));
    }

    private HttpResponseMessage ListParts(FakeRequest request) => !_uploads.TryGetValue(request.Query("uploadId")!, out FakeUpload? upload)
        ? Error(HttpStatusCode.NotFound, "NoSuchUpload")
        : Xml(new XElement(
            _schema + "ListPartsResult",
            new XElement(_schema + "IsTruncated", "false"),
            upload.Parts.Select(static part => new XElement(
                _schema + "Part",
                new XElement(_schema + "PartNumber", part.Key),
                new XElement(_schema + "LastModified", Stamp(part.Value.Modified)),
                new XElement(_schema + "ETag", part.Value.ETag),
                new XElement(_schema + "Size", part.Value.Content.Length)))));

    private static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static HttpResponseMessage Xml(XElement content) =>
        new(HttpStatusCode.OK) { Content = new StringContent(content.ToString(SaveOptions.DisableFormatting), Encoding.UTF8, "application/xml") };
}
