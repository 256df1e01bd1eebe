namespace Freezer.Storage.S3;

/// <summary>Where the bytes of a read go.</summary>
internal interface IReadSink
{
    /// <summary>Room for some bytes; at least one.</summary>
    Memory<byte> GetMemory();

    /// <summary>Takes the first bytes of the room.</summary>
    /// <returns>False where nobody wants more.</returns>
    ValueTask<bool> AdvanceAsync(int count, CancellationToken cancellationToken);
}
