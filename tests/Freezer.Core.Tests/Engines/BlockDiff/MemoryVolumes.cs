using System.Collections.Concurrent;
using Freezer.Engines.BlockDiff;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Volumes in memory, by name. A target that is not there is made, and known to be zero.</summary>
internal sealed class MemoryVolumes : IVolumeProvider
{
    internal ConcurrentDictionary<string, MemoryVolume> ByName { get; } = new();

    internal MemoryVolume this[string name] => ByName[name];

    internal MemoryVolume Add(string name, byte[] content) => ByName[name] = new MemoryVolume { Content = content };

    public ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default) => new(new Source(ByName[resource]));

    public ValueTask<VolumeTarget> OpenTargetAsync(string destination, long length, bool overwrite, CancellationToken cancellationToken = default)
    {
        bool isNew = !ByName.TryGetValue(destination, out MemoryVolume? volume);
        volume ??= Add(destination, []);
        return new(new Target(volume, isNew));
    }

    private sealed class Source(MemoryVolume volume) : VolumeSource
    {
        public override long Length => volume.Content.Length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken = default)
        {
            volume.BeforeRead?.Invoke(offset);
            byte[] content = volume.Content;
            int count = (int)Math.Clamp(content.Length - offset, 0, Math.Min(buffer.Length, volume.LongestRead));
            content.AsSpan((int)Math.Min(offset, content.Length), count).CopyTo(buffer.Span);
            Interlocked.Add(ref volume.BytesRead, count);
            return new(count);
        }

        public override ValueTask<VolumeExtent?> FindDataAsync(long offset, CancellationToken cancellationToken = default) =>
            volume.Data is null ? base.FindDataAsync(offset, cancellationToken) : new(volume.Data.Where(data => data.End > offset).Select(static data => (VolumeExtent?)data).FirstOrDefault());

        public override ValueTask<IAsyncEnumerable<VolumeExtent>?> FindChangesSinceAsync(Backup parent, CancellationToken cancellationToken = default)
        {
            volume.AskedFor = parent;
            return new(volume.Changes?.ToAsyncEnumerable());
        }

        public override ValueTask DisposeAsync()
        {
            volume.Disposals++;
            return base.DisposeAsync();
        }
    }

    private sealed class Target(MemoryVolume volume, bool isZeroed) : VolumeTarget
    {
        public override bool IsZeroed => isZeroed;

        public override ValueTask SetLengthAsync(long length, CancellationToken cancellationToken = default)
        {
            if (!volume.HasFixedLength)
            {
                Array.Resize(ref volume.Content, (int)length);
            }

            return ValueTask.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> content, long offset, CancellationToken cancellationToken = default)
        {
            volume.BeforeWrite?.Invoke(offset);
            content.Span.CopyTo(volume.Content.AsSpan((int)offset));
            Interlocked.Add(ref volume.BytesWritten, content.Length);
            return ValueTask.CompletedTask;
        }

        public override ValueTask ZeroAsync(long offset, long length, CancellationToken cancellationToken = default)
        {
            volume.Content.AsSpan((int)offset, (int)length).Clear();
            Interlocked.Add(ref volume.BytesZeroed, length);
            return ValueTask.CompletedTask;
        }

        public override ValueTask FlushAsync(CancellationToken cancellationToken = default)
        {
            volume.Flushes++;
            return ValueTask.CompletedTask;
        }

        public override ValueTask DisposeAsync()
        {
            volume.Disposals++;
            return base.DisposeAsync();
        }
    }
}

/// <summary>A volume in memory, how it behaves, and what was done to it.</summary>
internal sealed class MemoryVolume
{
    internal byte[] Content = [];
    internal long BytesRead;
    internal long BytesWritten;
    internal long BytesZeroed;
    internal int Flushes;
    internal int Disposals;
    internal Backup? AskedFor;

    internal VolumeExtent[]? Data { get; set; }

    internal VolumeExtent[]? Changes { get; set; }

    /// <summary>Whether its length cannot be set, as that of a device.</summary>
    internal bool HasFixedLength { get; set; }

    internal int LongestRead { get; set; } = int.MaxValue;

    internal Action<long>? BeforeRead { get; set; }

    internal Action<long>? BeforeWrite { get; set; }
}
