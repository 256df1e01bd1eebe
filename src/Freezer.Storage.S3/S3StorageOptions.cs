using Amazon.Runtime;

namespace Freezer.Storage.S3;

/// <summary>Where an <see cref="S3Storage"/> keeps its objects, and how it talks to the server.</summary>
public sealed record S3StorageOptions
{
    /// <summary>The least that a server takes as a part of an object, the last one excepted.</summary>
    internal const long SmallestPart = 5 << 20;

    /// <summary>The most that a server takes as one part.</summary>
    internal const long LargestPart = 5L << 30;

    /// <summary>The bucket. It must exist.</summary>
    public required string Bucket { get; init; }

    /// <summary>What the names of all objects begin with: whole segments, separated by <c>/</c>. Empty by default, for a bucket that holds nothing else.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The server, for example <c>https://s3.example.org:7480</c>, or <see langword="null"/> (the default) for AWS. Not used with a client of your own.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region, for example <c>eu-central-1</c>, or <see langword="null"/> (the default) for what the environment says
    /// (<c>AWS_REGION</c>, the profile), else <c>us-east-1</c>. Not used with a client of your own.</summary>
    public string? Region { get; init; }

    /// <summary>The credentials, or <see langword="null"/> (the default) for the chain of the AWS SDK: environment variables, profile, web identity,
    /// container, machine. Not used with a client of your own.</summary>
    public AWSCredentials? Credentials { get; init; }

    /// <summary>Whether the bucket is named in the path rather than in the host name, or <see langword="null"/> (the default) for the path wherever there is an
    /// <see cref="Endpoint"/>. Not used with a client of your own.</summary>
    public bool? UsePathStyle { get; init; }

    /// <summary>Up to how many bytes an object is written with one request; also the size in bytes of the first parts of a larger one, and of the ranges that
    /// are read side by side. 8 MiB by default, at least 5 MiB. Later parts are larger, as far as <see cref="MemoryBudget"/> allows.</summary>
    public long PartSize { get; init; } = 8 << 20;

    /// <summary>How many parts of one object are under way at the same time, in a write and, where that is faster, in a read; 4 by default.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>How many bytes all buffers together take; 64 MiB by default. A write that has no part under way is given one beyond this, so that
    /// writes which wait for one another all go on.</summary>
    public long MemoryBudget { get; init; } = 64 << 20;

    /// <summary>How long the server may be silent before a request is given up, while it is to answer as well as while it sends or takes content;
    /// 30 seconds by default.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a request that fails for a reason that may pass is repeated; 2 minutes by default. Zero for never. It counts from the first failure after
    /// the last success, and each request and each part has its own.</summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The largest object that the server takes in bytes; 5 TiB by default, which is what most do.</summary>
    public long LargestObject { get; init; } = 5L << 40;

    /// <summary>Whether the server creates objects on condition that they do not exist. <see cref="S3ConditionalCreate.Probe"/> by default.</summary>
    public S3ConditionalCreate ConditionalCreate { get; init; }

    /// <summary>The storage class of new objects, for example <c>STANDARD_IA</c>, or <see langword="null"/> (the default) for the bucket's. One that has to be
    /// thawed before it is read makes every restore fail until then.</summary>
    public string? StorageClass { get; init; }

    /// <summary>How long new objects can neither be deleted nor replaced, or <see langword="null"/> (the default) for what the bucket says. The bucket must have been
    /// made with object lock.</summary>
    public S3Retention? Retention { get; init; }

    /// <summary>The clock of timeouts, waits and retention; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How many parts a server takes for one object. Smaller in tests alone.</summary>
    internal int MostParts { get; init; } = 10_000;

    /// <summary>How many bytes the server puts together to one part once an object has used up the parts that are sent directly. Smaller in tests alone.</summary>
    internal long GroupSize { get; init; } = 3L << 30;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range; the message says which.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Bucket, nameof(Bucket));
        StoragePrefix.Parse(Prefix ?? throw new ArgumentNullException(nameof(Prefix)));
        ArgumentOutOfRangeException.ThrowIfLessThan(PartSize, SmallestPart, nameof(PartSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PartSize, 1L << 30, nameof(PartSize));
        ArgumentOutOfRangeException.ThrowIfLessThan(Parallelism, 1, nameof(Parallelism));
        ArgumentOutOfRangeException.ThrowIfLessThan(MemoryBudget, PartSize, nameof(MemoryBudget));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RequestTimeout, TimeSpan.Zero, nameof(RequestTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(RetryFor, TimeSpan.Zero, nameof(RetryFor));
        ArgumentOutOfRangeException.ThrowIfLessThan(LargestObject, PartSize, nameof(LargestObject));
        ArgumentNullException.ThrowIfNull(TimeProvider, nameof(TimeProvider));
        if (Retention is { } retention)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(retention.Period, TimeSpan.Zero, nameof(Retention));
        }

        if (Endpoint is { } endpoint && (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException($"The endpoint '{endpoint}' is no http or https address.", nameof(Endpoint));
        }
    }
}
