using System.Buffers;
using System.Buffers.Binary;

namespace Freezer.Platform;

/// <summary>The names of a directory, sorted by their unsigned bytes, with the status of each.</summary>
internal sealed class DirectoryListing
{
    private readonly byte[] _names;
    private readonly Entry[] _entries;

    /// <summary>The entries in the order of their names: sorting these is cheaper than moving the entries.</summary>
    private readonly int[] _order;

    /// <param name="names">All names one after another.</param>
    /// <param name="entries">Where each name lies and what it is, in any order.</param>
    /// <param name="count">How many entries count.</param>
    /// <remarks>A directory that changes while it is read may give a name twice. It is listed once, with its error if it has one.</remarks>
    internal DirectoryListing(byte[] names, Entry[] entries, int count)
    {
        _names = names;
        _entries = entries;
        _order = new int[count];
        Count = Sort(_order);
    }

    internal static DirectoryListing Empty { get; } = new([], [], 0);

    internal int Count { get; }

    internal ReadOnlySpan<byte> Name(int index) => NameOf(in EntryAt(index));

    internal ref readonly FileStatus Status(int index) => ref EntryAt(index).Status;

    /// <summary>Why the name could not be looked at, or <see langword="null"/>. Its status then holds no more than its kind.</summary>
    internal FileSystemException? Error(int index) => EntryAt(index).Error;

    private ref readonly Entry EntryAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return ref _entries[_order[index]];
    }

    private ReadOnlySpan<byte> NameOf(ref readonly Entry entry) => _names.AsSpan(entry.NameOffset, entry.NameLength);

    /// <summary>Fills in the order and returns how many names there are.</summary>
    private int Sort(int[] order)
    {
        SortKey[] rented = ArrayPool<SortKey>.Shared.Rent(order.Length);
        try
        {
            Span<SortKey> keys = rented.AsSpan(0, order.Length);
            for (int i = 0; i < keys.Length; i++)
            {
                keys[i] = new SortKey(Prefix(NameOf(in _entries[i])), i);
            }

            keys.Sort(Compare);
            int count = 0;
            foreach (SortKey key in keys)
            {
                if (count > 0 && NameOf(in _entries[key.Index]).SequenceEqual(NameOf(in _entries[order[count - 1]])))
                {
                    order[count - 1] = _entries[key.Index].Error is null ? order[count - 1] : key.Index;
                    continue;
                }

                order[count++] = key.Index;
            }

            return count;
        }
        finally
        {
            ArrayPool<SortKey>.Shared.Return(rented);
        }
    }

    private int Compare(SortKey left, SortKey right) =>
        left.Prefix != right.Prefix
            ? left.Prefix.CompareTo(right.Prefix)
            : NameOf(in _entries[left.Index]).SequenceCompareTo(NameOf(in _entries[right.Index]));

    /// <summary>The first bytes as a number that compares as they do. No name holds a zero byte, so that a short one sorts first.</summary>
    private static ulong Prefix(ReadOnlySpan<byte> name)
    {
        if (name.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(name);
        }

        ulong prefix = 0;
        for (int i = 0; i < name.Length; i++)
        {
            prefix |= (ulong)name[i] << (8 * (sizeof(ulong) - 1 - i));
        }

        return prefix;
    }

    internal struct Entry
    {
        public int NameOffset;
        public int NameLength;
        public FileStatus Status;
        public FileSystemException? Error;
    }

    private readonly record struct SortKey(ulong Prefix, int Index);
}
