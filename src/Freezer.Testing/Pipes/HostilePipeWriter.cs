using System.IO.Pipelines;

namespace Freezer.Testing;

/// <summary>The writing end of a pipe as a bad day has it: memory no larger than was asked for, and flushes that fail, hang or are cancelled at a chosen
/// one. It records what is done with it.</summary>
/// <remarks>Give it to what is tested in the place of the pipe's own end. For one user at a time, as every pipe's end.</remarks>
/// <param name="inner">The end that it stands for; stays the caller's.</param>
public sealed class HostilePipeWriter(PipeWriter inner) : PipeWriter
{
    /// <summary>What somebody gets who asks for no size.</summary>
    private const int LeastMemory = 16;

    private bool _isReleased;

    /// <summary>What happens before a flush is served, by its number from 1 on: throw, cancel something, wait. <see langword="null"/> by default.</summary>
    public Func<int, CancellationToken, ValueTask>? BeforeFlush { get; init; }

    /// <summary>Whether memory is exactly as large as was asked for, as a pipe may have it. <see langword="false"/> by default.</summary>
    public bool IsStingy { get; init; }

    /// <summary>How many flushes were begun.</summary>
    public int Flushes { get; private set; }

    /// <summary>How many bytes were written.</summary>
    public long Written { get; private set; }

    /// <summary>How often somebody completed this end; who was lent it has no right to.</summary>
    public int Completions { get; private set; }

    /// <summary>How often this end was used after <see cref="Release"/>.</summary>
    public int UsesAfterRelease { get; private set; }

    /// <summary>Says that the call which was lent this end has returned: from now on every use is counted, and refused.</summary>
    public void Release() => _isReleased = true;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        ThrowIfReleased();
        inner.Advance(bytes);
        Written += bytes;
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfReleased();
        Memory<byte> memory = inner.GetMemory(sizeHint);
        return IsStingy ? memory[..Length(sizeHint, memory.Length)] : memory;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfReleased();
        Flushes++;
        if (BeforeFlush is not null)
        {
            await BeforeFlush(Flushes, cancellationToken).ConfigureAwait(false);
        }

        return await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        Completions++;
        ThrowIfReleased();
    }

    private static int Length(int sizeHint, int there) => sizeHint == 0 ? Math.Min(LeastMemory, there) : sizeHint;

    private void ThrowIfReleased()
    {
        if (_isReleased)
        {
            UsesAfterRelease++;
            throw new InvalidOperationException("This end of a pipe is used after the call that it was lent to had returned.");
        }
    }
}
