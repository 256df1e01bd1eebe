namespace Freezer.Engines.BlockDiff;

/// <summary>A volume that is restored to.</summary>
/// <remarks>Writes come from several threads at the same time, for ranges that do not overlap and lie within the length that was
/// set last. A target that is disposed before <see cref="FlushAsync"/> has succeeded holds a restore that failed.</remarks>
public abstract class VolumeTarget : IAsyncDisposable
{
    /// <summary>Whether everything that was not written yet is known to read as zeros. Then nothing is done for holes.</summary>
    public abstract bool IsZeroed { get; }

    /// <summary>Sets the volume's length; a device, whose length is fixed, only looks whether it is large enough.
    /// On a target that is known to be zero, what is gained reads as zeros.</summary>
    /// <param name="length">The length in bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="BackupException">The volume cannot have this length.</exception>
    public abstract ValueTask SetLengthAsync(long length, CancellationToken cancellationToken = default);

    /// <summary>Writes at an offset.</summary>
    /// <param name="content">What is written, all of it.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> content, long offset, CancellationToken cancellationToken = default);

    /// <summary>Makes a range read as zeros, with a hole where that is possible.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public abstract ValueTask ZeroAsync(long offset, long length, CancellationToken cancellationToken = default);

    /// <summary>Makes everything durable. Called once, when all is written; the restore has succeeded when it returns.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    public abstract ValueTask FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>Releases what the volume holds. Called once, last.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
