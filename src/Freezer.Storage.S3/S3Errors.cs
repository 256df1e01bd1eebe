using System.Net;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;

namespace Freezer.Storage.S3;

/// <summary>Says what a failure of a request means for a storage, and what can be done about it.</summary>
/// <remarks>Codes are those of the S3 API ("Error responses" in its reference), and some that other servers add.</remarks>
internal static class S3Errors
{
    internal static StorageException TimedOut(string? key, TimeSpan timeout, Exception failure) => new(
        StorageErrorKind.Unavailable, key,
        $"the server was silent for {timeout.TotalSeconds:0.#} seconds; look whether it is healthy, or raise RequestTimeout", isTransient: true, failure);

    internal static StorageException Of(string? key, S3Bucket bucket, Exception failure) => failure switch
    {
        StorageException told => told,
        AmazonServiceException answer when answer is not AmazonUnmarshallingException && answer.StatusCode != 0 => Of(key, bucket, answer),
        _ when FindCause<HttpRequestException>(failure) is { } transport => OfTransport(key, bucket, transport, failure),
        _ when FindCause<IOException>(failure) is { } broken => new(
            StorageErrorKind.Unavailable, key, $"the connection to {bucket.Address} broke: {broken.Message}", isTransient: true, failure),
        _ when FindCause<XmlException>(failure) is { } garbled => new(
            StorageErrorKind.Unavailable, key,
            $"what {bucket.Address} answered cannot be understood: {garbled.Message} Look whether the endpoint is that of an object store", isTransient: true, failure),
        AmazonClientException => new(
            StorageErrorKind.AccessDenied, key,
            $"there are no usable credentials for {bucket.Address}: {failure.Message} Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile", innerException: failure),
        _ => new(StorageErrorKind.Unknown, key, failure.Message, innerException: failure),
    };

    /// <summary>Whether a server wants the MD5 of content, and had none.</summary>
    internal static bool AsksForDigest(StorageException failure) =>
        failure.InnerException is AmazonServiceException { StatusCode: HttpStatusCode.BadRequest, Message: { } text } && text.Contains("Content-MD5", StringComparison.OrdinalIgnoreCase);

    private static StorageException OfTransport(string? key, S3Bucket bucket, HttpRequestException transport, Exception failure) => transport.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new(
            StorageErrorKind.Unavailable, key, $"the host of {bucket.Address} is not known: {transport.Message.TrimEnd('.')}; look at the endpoint and the name resolution", isTransient: true, failure),
        HttpRequestError.SecureConnectionError => new(
            StorageErrorKind.Unavailable, key,
            $"no trusted connection to {bucket.Address} can be made: {transport.GetBaseException().Message} Install the certificate of its authority, or name it in SSL_CERT_FILE", innerException: failure),
        HttpRequestError.ConfigurationLimitExceeded => new(
            StorageErrorKind.Unavailable, key, $"{bucket.Address} answered with more than an object store does; look whether the endpoint is that of one", innerException: failure),
        _ => new(
            StorageErrorKind.Unavailable, key, $"{bucket.Address} cannot be reached: {transport.Message.TrimEnd('.')}; look at the endpoint and whether the server runs", isTransient: true, failure),
    };

    private static StorageException Of(string? key, S3Bucket bucket, AmazonServiceException answer)
    {
        (StorageErrorKind kind, bool isTransient, string message) = Describe(bucket, answer);
        return new StorageException(kind, key, message, isTransient, answer);
    }

    private static (StorageErrorKind Kind, bool IsTransient, string Message) Describe(S3Bucket bucket, AmazonServiceException answer)
    {
        string text = Text(answer);
        switch (answer.ErrorCode)
        {
            case "NoSuchBucket":
                return (StorageErrorKind.Unavailable, false, $"there is no bucket '{bucket.Name}' at {bucket.Address}; make it, or look at its name and at the endpoint");
            case "InvalidAccessKeyId":
                return (StorageErrorKind.AccessDenied, false, $"{bucket.Address} does not know this access key; look at the credentials ({text})");
            case "SignatureDoesNotMatch":
                return (StorageErrorKind.AccessDenied, false, $"{bucket.Address} does not accept the signature: the secret key is wrong, or the access key is not known; look at the credentials ({text})");
            case "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired":
                return (StorageErrorKind.AccessDenied, false, $"the session of these credentials has ended; get new ones ({text})");
            case "RequestTimeTooSkewed" or "RequestExpired":
                return (StorageErrorKind.AccessDenied, false, $"the clocks of this machine and of {bucket.Address} differ by too much; set them, with NTP for one ({text})");
            case "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect" or "IllegalLocationConstraintException" or "IncorrectEndpoint":
                return WrongRegion(bucket, text);
            case "QuotaExceeded" or "StorageFull" or "XMinioStorageFull" or "InsufficientStorage":
                return (StorageErrorKind.NoSpace, false, $"the storage is full, or a quota is used up ({text})");
            case "EntityTooLarge":
                return (StorageErrorKind.TooLarge, false, $"the server takes no object or part of this length ({text})");
            case "InvalidObjectState":
                return (StorageErrorKind.Unsupported, false, $"the object is archived; restore it in the storage before it is read ({text})");
            case "XAmzContentSHA256Mismatch" or "BadDigest" or "XAmzContentChecksumMismatch" or "InvalidDigest" or "IncompleteBody":
                return (StorageErrorKind.Corrupt, true, $"the server did not receive what was sent ({text})");
            case "InvalidPart" or "InvalidPartOrder":
                return (StorageErrorKind.Corrupt, false, $"the server does not have the parts that it confirmed ({text})");
            case "NoSuchKey" or "NoSuchVersion" or "NotFound":
                return (StorageErrorKind.NotFound, false, "there is no such object");
            case "NoSuchUpload":
                return (StorageErrorKind.NotFound, false, "the upload is gone: it was aborted from outside, by a lifecycle rule or by a sweep for one");
            case "BadRequest":
                // The answer to HEAD has no body, and so no code of its own.
                return (StorageErrorKind.Unknown, false, $"the server refused the request without a reason; it does so where the session of the credentials has ended, for one ({text})");
            case "NotImplemented":
                return (StorageErrorKind.Unsupported, false, $"the server does not know this request ({text})");
            case "InvalidRange":
                return (StorageErrorKind.OutOfRange, false, "the range does not lie within the object");
            case "KeyTooLongError":
                return (StorageErrorKind.Unsupported, false, $"the name is longer than the server takes ({text})");
            case "RequestTimeout" or "SlowDown" or "ServiceUnavailable" or "InternalError" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded" or "OperationAborted"
                or "ConditionalRequestConflict":
                return (StorageErrorKind.Unavailable, true, $"the server cannot do it now ({text})");
        }

        return (int)answer.StatusCode switch
        {
            301 or 302 or 307 => WrongRegion(bucket, text),
            401 or 403 => (StorageErrorKind.AccessDenied, false, $"the server refuses it to these credentials; they need to list the bucket, and to read, write and delete its objects ({text})"),
            404 => (StorageErrorKind.NotFound, false, "there is no such object"),
            409 or 429 or 408 => (StorageErrorKind.Unavailable, true, $"the server cannot do it now ({text})"),
            412 => (StorageErrorKind.VersionMismatch, false, "another version of the object is there"),
            413 => (StorageErrorKind.TooLarge, false, $"the server takes no object or part of this length ({text})"),
            416 => (StorageErrorKind.OutOfRange, false, "the range does not lie within the object"),
            501 => (StorageErrorKind.Unsupported, false, $"the server does not know this request ({text})"),
            507 => (StorageErrorKind.NoSpace, false, $"the storage is full, or a quota is used up ({text})"),
            >= 500 => (StorageErrorKind.Unavailable, true, $"the server failed ({text})"),
            _ => (StorageErrorKind.Unknown, false, $"the server refused the request ({text})"),
        };
    }

    private static (StorageErrorKind Kind, bool IsTransient, string Message) WrongRegion(S3Bucket bucket, string text) =>
        (StorageErrorKind.Unavailable, false, $"the bucket '{bucket.Name}' is not in the region that was asked; set its region, and the endpoint of that region ({text})");

    private static string Text(AmazonServiceException answer) =>
        $"{(int)answer.StatusCode} {answer.ErrorCode}{(string.IsNullOrWhiteSpace(answer.Message) ? "" : $": {answer.Message}")}";

    private static TException? FindCause<TException>(Exception? failure)
        where TException : Exception
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is TException found)
            {
                return found;
            }
        }

        return null;
    }
}
