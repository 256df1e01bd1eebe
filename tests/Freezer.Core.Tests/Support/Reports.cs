using System.Collections.Concurrent;

namespace Freezer.Tests.Support;

/// <summary>Keeps what was reported, on the reporting thread.</summary>
internal sealed class Reports<T> : IProgress<T>
{
    private readonly ConcurrentQueue<T> _all = new();

    internal IReadOnlyCollection<T> All => _all;

    internal T Last => _all.Last();

    public void Report(T value) => _all.Enqueue(value);
}
