using Freezer.Dataflow.Compression;
using Freezer.Keys;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Freezer;

/// <summary>What an engine works with. Everything has a default.</summary>
public sealed record BackupEngineOptions
{
    /// <summary>Where log messages go; nowhere by default.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The name of this machine in the backups' source identity; the host name by default. A parent from another host is not built on.</summary>
    public string SourceHost { get; init; } = Environment.MachineName;

    /// <summary>Codecs beside the built-in ones; none by default. One with a built-in's name takes its place.</summary>
    public IReadOnlyList<ICompressionCodec> Codecs { get; init; } = [];

    /// <summary>How many cores compress and hash; all of them by default.</summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>The keys of the repository: everything that is written is encrypted, and only what is encrypted is read. Stays the caller's, who
    /// disposes it after the engine's last operation. <see langword="null"/> (the default) for a repository that is not encrypted.</summary>
    public KeyRing? Keys { get; init; }

    /// <summary>More threads than any machine has cores.</summary>
    private const int MostParallelism = 1 << 16;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Logger);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(SourceHost);
        ArgumentNullException.ThrowIfNull(Codecs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Parallelism);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Parallelism, MostParallelism, nameof(Parallelism));
    }
}
