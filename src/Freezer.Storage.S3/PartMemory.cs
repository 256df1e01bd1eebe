namespace Freezer.Storage.S3;

/// <summary>The memory of all parts of a storage: chunks that are used again and again, within a budget.</summary>
/// <remarks>All members are safe to call from any thread.</remarks>
internal sealed class PartMemory(long budget)
{
    /// <summary>Small enough that a small object takes little, large enough that a part is few pieces.</summary>
    internal const int ChunkSize = 64 << 10;

    private readonly Lock _lock = new();
    private readonly Stack<byte[]> _free = [];
    private long _used;

    /// <summary>How many bytes are in use.</summary>
    internal long Used => Volatile.Read(ref _used);

    /// <summary>Takes a chunk, unless the budget is used up. Its content is not defined.</summary>
    /// <param name="mayExceed">Whether the chunk is given also where the budget is used up.</param>
    internal byte[]? TryRent(bool mayExceed)
    {
        lock (_lock)
        {
            if (_used + ChunkSize > budget && !mayExceed)
            {
                return null;
            }

            _used += ChunkSize;
            return _free.TryPop(out byte[]? chunk) ? chunk : GC.AllocateUninitializedArray<byte>(ChunkSize);
        }
    }

    /// <summary>Gives chunks back.</summary>
    internal void Return(List<byte[]> chunks)
    {
        lock (_lock)
        {
            foreach (byte[] chunk in chunks)
            {
                _used -= ChunkSize;

                // What was given beyond the budget is not kept.
                if ((_free.Count + 1L) * ChunkSize <= budget)
                {
                    _free.Push(chunk);
                }
            }
        }
    }
}
