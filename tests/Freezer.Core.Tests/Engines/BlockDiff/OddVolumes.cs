using Freezer.Engines.BlockDiff;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>A volume of any length with one byte of data, which no memory could hold.</summary>
internal sealed class SparseVolumes(long length, long dataOffset) : IVolumeProvider
{
    private long _bytesRead;
    private long _bytesWritten;

    internal long BytesRead => _bytesRead;

    internal long BytesWritten => _bytesWritten;

    public ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default) => new(new Source(this));

    public ValueTask<VolumeTarget> OpenTargetAsync(string destination, long targetLength, bool overwrite, CancellationToken cancellationToken = default) => new(new Target(this));

    private sealed class Source(SparseVolumes volume) : VolumeSource
    {
        public override long Length => volume.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken = default)
        {
            buffer.Span.Clear();
            long at = volume.DataOffset - offset;
            if (at >= 0 && at < buffer.Length)
            {
                buffer.Span[(int)at] = 1;
            }

            Interlocked.Add(ref volume._bytesRead, buffer.Length);
            return new(buffer.Length);
        }

        public override ValueTask<VolumeExtent?> FindDataAsync(long offset, CancellationToken cancellationToken = default) =>
            new(offset <= volume.DataOffset ? new VolumeExtent(volume.DataOffset, 1) : null);
    }

    private sealed class Target(SparseVolumes volume) : VolumeTarget
    {
        public override bool IsZeroed => true;

        public override ValueTask SetLengthAsync(long length, CancellationToken cancellationToken = default)
        {
            length.Should().Be(volume.Length);
            return ValueTask.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> content, long offset, CancellationToken cancellationToken = default)
        {
            content.Span[(int)(volume.DataOffset - offset)].Should().Be(1);
            Interlocked.Add(ref volume._bytesWritten, content.Length);
            return ValueTask.CompletedTask;
        }

        public override ValueTask ZeroAsync(long offset, long length, CancellationToken cancellationToken = default) => throw new InvalidOperationException("It is zero already.");

        public override ValueTask FlushAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }

    private long Length { get; } = length;

    private long DataOffset { get; } = dataOffset;
}

/// <summary>A volume that says that it read more than there was room for.</summary>
internal sealed class LyingVolumes : IVolumeProvider
{
    public ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default) => new(new Source());

    public ValueTask<VolumeTarget> OpenTargetAsync(string destination, long length, bool overwrite, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private sealed class Source : VolumeSource
    {
        public override long Length => 100_000;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken = default) => new(buffer.Length + 1);
    }
}

/// <summary>A stream as the source.</summary>
internal sealed class StreamVolumes(byte[] content) : IVolumeProvider
{
    public ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default) => new(new StreamVolumeSource(new MemoryStream(content)));

    public ValueTask<VolumeTarget> OpenTargetAsync(string destination, long length, bool overwrite, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
