using System.Buffers;

namespace Freezer.Dataflow;

/// <summary>How a <see cref="Transfer"/> joins its two sides.</summary>
public sealed record TransferOptions
{
    /// <summary>The defaults.</summary>
    public static TransferOptions Default { get; } = new();

    /// <summary>How many bytes may wait before the producer is held; 1 MiB by default. It goes on once half of them are left.</summary>
    public int QueueSize { get; init; } = 1 << 20;

    /// <summary>Whether a consumer may return before the producer has ended. <see langword="false"/> by default: it is a
    /// failure then, since what the producer had to say is cut short. Where it is allowed, the producer is cancelled and what it throws then is not reported.</summary>
    public bool MayEndEarly { get; init; }

    /// <summary>Where the pipe's buffers come from; a test names a leak with it.</summary>
    internal MemoryPool<byte>? Pool { get; init; }

    /// <summary>The least length of a buffer: large enough that a system call per buffer costs little.</summary>
    internal int SegmentSize { get; init; } = 64 << 10;
}
