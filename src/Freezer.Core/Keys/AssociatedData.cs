using System.Buffers.Binary;

namespace Freezer.Keys;

/// <summary>What something encrypted is; part of its associated data, so that nothing passes for anything else.</summary>
internal enum SealedRole
{
    /// <summary>The archive of a backup.</summary>
    Archive = 1,

    /// <summary>The manifest of a backup.</summary>
    Manifest = 2,

    /// <summary>The index of a backup.</summary>
    Index = 3,

    /// <summary>What a metadata document tells only those who have the key.</summary>
    Details = 4,

    /// <summary>The repository key in a slot.</summary>
    RepositoryKey = 5,

    /// <summary>A data key.</summary>
    DataKey = 6,
}

/// <summary>The associated data of everything that is encrypted: the format, whose it is, what it is, and which part of it.</summary>
/// <remarks>Integers are little-endian; the id has the byte order of RFC 9562.</remarks>
internal static class AssociatedData
{
    private const int Format = 0;
    private const int Id = 4;
    private const int Role = 20;
    private const int Part = 24;
    private const int Size = 28;

    private const int CurrentFormat = 1;

    /// <param name="id">The backup or the data key; none for what belongs to the repository.</param>
    /// <param name="role">What it is.</param>
    /// <param name="part">The repair that wrote it; 0 for what the backup itself has stored, and for everything else.</param>
    internal static byte[] Of(Guid id, SealedRole role, int part = 0)
    {
        byte[] data = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(Format), CurrentFormat);
        id.TryWriteBytes(data.AsSpan(Id), bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(Role), (int)role);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(Part), part);
        return data;
    }
}
