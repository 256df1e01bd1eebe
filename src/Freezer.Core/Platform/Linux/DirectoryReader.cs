using System.Buffers;
using System.Buffers.Binary;

namespace Freezer.Platform.Linux;

/// <summary>Reads the records of a directory and looks at each name: two system calls for the directory and one for a name.</summary>
internal static unsafe class DirectoryReader
{
    private const int FirstBuffer = 64 * 1024;

    /// <summary>Room for more records than one call returns for less is not worth the call.</summary>
    private const int LeastRoom = 32 * 1024;

    // struct linux_dirent64, see getdents(2).
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    private const int NamesBetweenCancellationChecks = 1024;

    internal static DirectoryListing List(int directory, ReadOnlySpan<byte> displayName, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            int length = ReadRecords(directory, displayName, ref buffer, cancellationToken);
            return Look(directory, buffer.AsSpan(0, length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    internal static IReadOnlyList<byte[]> ListNames(int directory, ReadOnlySpan<byte> displayName)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            int length = ReadRecords(directory, displayName, ref buffer, CancellationToken.None);
            ReadOnlySpan<byte> records = buffer.AsSpan(0, length);
            var names = new List<byte[]>();
            while (TryTake(ref records, out _, out ReadOnlySpan<byte> name))
            {
                names.Add(name.ToArray());
            }

            return names;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int ReadRecords(int directory, ReadOnlySpan<byte> displayName, ref byte[] buffer, CancellationToken cancellationToken)
    {
        int length = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (buffer.Length - length < LeastRoom)
            {
                Grow(ref buffer, length, displayName);
            }

            int read = SystemCalls.ReadDirectory(directory, buffer.AsSpan(length));
            if (read < 0)
            {
                throw LinuxError.Make("getdents64", read, displayName);
            }

            if (read == 0)
            {
                return length;
            }

            length += read;
        }
    }

    private static DirectoryListing Look(int directory, ReadOnlySpan<byte> records, CancellationToken cancellationToken)
    {
        (int count, int bytes) = Measure(records);
        if (count == 0)
        {
            return DirectoryListing.Empty;
        }

        byte[] names = GC.AllocateUninitializedArray<byte>(bytes);
        var entries = new DirectoryListing.Entry[count];
        int used = 0;
        int found = 0;
        for (int seen = 0; TryTake(ref records, out FileKind kind, out ReadOnlySpan<byte> name); seen++)
        {
            if (seen % NamesBetweenCancellationChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            ref DirectoryListing.Entry entry = ref entries[found];
            int result;
            fixed (byte* terminated = name)
            {
                result = SystemCalls.StatAt(directory, terminated, out entry.Status);
            }

            if (result == -Errno.NoEntry)
            {
                // It was removed after its record was read, so it is not in the directory.
                continue;
            }

            if (result < 0)
            {
                entry.Status.Kind = kind;
                entry.Error = LinuxError.Make("statx", result, name);
            }

            name.CopyTo(names.AsSpan(used));
            entry.NameOffset = used;
            entry.NameLength = name.Length;
            used += name.Length;
            found++;
        }

        return new DirectoryListing(names, entries, found);
    }

    private static (int Count, int Bytes) Measure(ReadOnlySpan<byte> records)
    {
        int count = 0;
        int bytes = 0;
        while (TryTake(ref records, out _, out ReadOnlySpan<byte> name))
        {
            count++;
            bytes += name.Length;
        }

        return (count, bytes);
    }

    /// <summary>Takes the next record but those of <c>.</c> and <c>..</c>. A zero byte follows the name in the buffer.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> records, out FileKind kind, out ReadOnlySpan<byte> name)
    {
        while (!records.IsEmpty)
        {
            ReadOnlySpan<byte> record = records[..BinaryPrimitives.ReadUInt16LittleEndian(records[LengthOffset..])];
            records = records[record.Length..];
            name = record[NameOffset..];
            name = name[..name.IndexOf((byte)0)];
            if (name is not ([(byte)'.'] or [(byte)'.', (byte)'.']))
            {
                kind = StatxBuffer.KindOf(record[TypeOffset]);
                return true;
            }
        }

        kind = default;
        name = default;
        return false;
    }

    private static void Grow(ref byte[] buffer, int length, ReadOnlySpan<byte> displayName)
    {
        int wanted = (int)Math.Min(2L * buffer.Length, Array.MaxLength);
        if (wanted - length < LeastRoom)
        {
            throw new FileSystemException(FileError.Other, $"The directory '{EntryPath.ToText(displayName)}' has more names than can be listed");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
