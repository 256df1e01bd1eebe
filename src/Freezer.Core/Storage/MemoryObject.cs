using System.Buffers;

namespace Freezer.Storage;

/// <summary>An object of a <see cref="MemoryStorage"/>: bytes that never change, in segments that grow with the object.</summary>
internal sealed class MemoryObject
{
    private const int SmallestSegment = 1 << 12;
    private const int LargestSegment = 1 << 20;

    private readonly byte[][] _segments;

    /// <summary>Where each segment begins.</summary>
    private readonly long[] _starts;

    private MemoryObject(StorageEntry entry, byte[][] segments, long[] starts)
    {
        Entry = entry;
        _segments = segments;
        _starts = starts;
    }

    internal StorageEntry Entry { get; }

    /// <summary>The bytes from an offset on that lie together, at most as many as wanted. The offset lies within the object.</summary>
    internal ReadOnlyMemory<byte> PieceAt(long offset, long most)
    {
        int index = Array.BinarySearch(_starts, offset);
        index = index >= 0 ? index : ~index - 1;
        int start = (int)(offset - _starts[index]);
        long end = index + 1 < _starts.Length ? _starts[index + 1] : Entry.Length;
        return _segments[index].AsMemory(start, (int)Math.Min(end - offset, most));
    }

    /// <summary>Collects the bytes of an object.</summary>
    internal sealed class Builder
    {
        private readonly List<byte[]> _segments = [];
        private readonly List<long> _starts = [];
        private readonly long? _lengthHint;
        private long _length;
        private int _free;

        internal Builder(long? lengthHint) => _lengthHint = lengthHint;

        internal void Append(in ReadOnlySequence<byte> content)
        {
            foreach (ReadOnlyMemory<byte> memory in content)
            {
                Append(memory.Span);
            }
        }

        internal MemoryObject Build(StorageKey key, DateTimeOffset lastModified, string version)
        {
            if (_free > 0)
            {
                byte[] last = _segments[^1];
                _segments[^1] = last[..^_free];
            }

            return new MemoryObject(new StorageEntry(key, _length, lastModified, version), [.. _segments], [.. _starts]);
        }

        private void Append(ReadOnlySpan<byte> content)
        {
            while (!content.IsEmpty)
            {
                if (_free == 0)
                {
                    AddSegment();
                }

                byte[] segment = _segments[^1];
                int count = Math.Min(_free, content.Length);
                content[..count].CopyTo(segment.AsSpan(segment.Length - _free));
                content = content[count..];
                _free -= count;
                _length += count;
            }
        }

        /// <summary>As large as what is there already, so that small objects waste little and large ones have few segments.</summary>
        private void AddSegment()
        {
            long wanted = Math.Max(_length, _lengthHint - _length ?? 0);
            _free = (int)Math.Clamp(wanted, SmallestSegment, LargestSegment);
            _starts.Add(_length);
            _segments.Add(new byte[_free]);
        }
    }
}
