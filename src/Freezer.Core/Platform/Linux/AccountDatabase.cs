using System.Buffers;
using System.Collections.Concurrent;

namespace Freezer.Platform.Linux;

/// <summary>One of the system's two lists of accounts, users or groups, with what was asked before.</summary>
/// <remarks>Safe from any thread. What an archive asks for is not remembered without end: a hostile one names millions.</remarks>
internal sealed class AccountDatabase(AccountDatabase.FindName findName, AccountDatabase.FindId findId)
{
    private const int MostRemembered = 10_000;
    private const int FirstBuffer = 1024;

    /// <summary>A group's record holds all its members.</summary>
    private const int LargestBuffer = 16 * 1024 * 1024;

    private readonly ConcurrentDictionary<uint, byte[]> _names = new();
    private readonly ConcurrentDictionary<byte[], uint?> _ids = new(NameComparer.Instance);

    /// <summary>Asks the system for a name. Returns 0, or an error number; <see cref="Errno.OutOfRange"/> asks for a larger buffer.</summary>
    internal delegate int FindName(uint id, Span<byte> buffer, out byte[]? name);

    /// <summary>Asks the system for an id, as <see cref="FindName"/>.</summary>
    internal delegate int FindId(ReadOnlySpan<byte> terminatedName, Span<byte> buffer, out uint? id);

    /// <summary>The name, or an empty one where there is none.</summary>
    internal byte[] GetName(uint id)
    {
        if (_names.TryGetValue(id, out byte[]? known))
        {
            return known;
        }

        byte[]? name = null;
        int error = Errno.OutOfRange;
        for (int size = FirstBuffer; error == Errno.OutOfRange && size <= LargestBuffer; size *= 4)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
            error = findName(id, buffer, out name);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        name ??= [];
        if (_names.Count < MostRemembered)
        {
            _names.TryAdd(id, name);
        }

        return name;
    }

    internal bool TryFindId(ReadOnlySpan<byte> name, out uint id)
    {
        if (name.IsEmpty || name.Contains((byte)0))
        {
            id = 0;
            return false;
        }

        if (!_ids.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out uint? found))
        {
            found = AskForId(name);
            if (_ids.Count < MostRemembered)
            {
                _ids.TryAdd(name.ToArray(), found);
            }
        }

        id = found.GetValueOrDefault();
        return found.HasValue;
    }

    private uint? AskForId(ReadOnlySpan<byte> name)
    {
        byte[] terminated = new byte[name.Length + 1];
        name.CopyTo(terminated);
        uint? id = null;
        int error = Errno.OutOfRange;
        for (int size = FirstBuffer; error == Errno.OutOfRange && size <= LargestBuffer; size *= 4)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
            error = findId(terminated, buffer, out id);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return id;
    }

    private sealed class NameComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        internal static readonly NameComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
