using Freezer.Dataflow;

namespace Freezer.Tests.Dataflow;

/// <summary>Keeps what it is told, and notices calls at the same time.</summary>
internal sealed class RecordingObserver : IStoredStreamObserver
{
    private int _calls;

    internal List<StoredFrame> Frames { get; } = [];

    internal List<Sha256Digest> Leaves { get; } = [];

    internal Func<StoredFrame, CancellationToken, Task> OnFrame { get; init; } = static (_, _) => Task.CompletedTask;

    internal Func<Sha256Digest, CancellationToken, Task> OnLeaf { get; init; } = static (_, _) => Task.CompletedTask;

    public async ValueTask OnFrameAsync(StoredFrame frame, CancellationToken cancellationToken)
    {
        Enter();
        await Task.Yield();
        await OnFrame(frame, cancellationToken);
        Frames.Add(frame);
        Interlocked.Decrement(ref _calls);
    }

    public async ValueTask OnLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken)
    {
        Enter();
        await Task.Yield();
        await OnLeaf(leaf, cancellationToken);
        Leaves.Add(leaf);
        Interlocked.Decrement(ref _calls);
    }

    private void Enter() => Interlocked.Increment(ref _calls).Should().Be(1, "calls come one at a time");
}
