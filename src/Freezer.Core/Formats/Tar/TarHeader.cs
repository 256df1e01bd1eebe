using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>A view of a header block whose checksum is right. Fields are read when they are asked for.</summary>
internal readonly ref struct TarHeader
{
    private readonly ReadOnlySpan<byte> _block;
    private readonly long _offset;

    /// <param name="block">The 512 bytes, which must outlive the view.</param>
    /// <param name="offset">The entry's place in the archive, for the exceptions that the fields throw.</param>
    /// <exception cref="TarFormatException">The checksum is wrong.</exception>
    internal TarHeader(ReadOnlySpan<byte> block, long offset)
    {
        if (!TarChecksum.Verify(block))
        {
            throw new TarFormatException("This is no tar header: its checksum is wrong", offset);
        }

        ReadOnlySpan<byte> magic = block.Slice(TarLayout.MagicOffset, TarLayout.MagicLength);
        _block = block;
        _offset = offset;
        IsPosix = magic[..6].SequenceEqual(TarLayout.PosixMagic[..6]);
        IsGnu = magic.SequenceEqual(TarLayout.GnuMagic);
    }

    /// <summary>Whether the fields behind the group's name are POSIX's, or GNU's. In the oldest dialect there are none.</summary>
    internal bool IsPosix { get; }
    internal bool IsGnu { get; }

    internal byte TypeFlag => _block[TarLayout.TypeFlagOffset];
    internal ReadOnlySpan<byte> Name => Text(TarLayout.NameOffset, TarLayout.NameLength);
    internal ReadOnlySpan<byte> LinkName => Text(TarLayout.LinkNameOffset, TarLayout.LinkNameLength);
    internal ReadOnlySpan<byte> UserName => HasOwnerFields ? Text(TarLayout.UserNameOffset, TarLayout.OwnerNameLength) : [];
    internal ReadOnlySpan<byte> GroupName => HasOwnerFields ? Text(TarLayout.GroupNameOffset, TarLayout.OwnerNameLength) : [];

    internal ReadOnlySpan<byte> Prefix => !IsPosix ? []
        : Text(TarLayout.PrefixOffset, _block[TarLayout.StarMarkOffset..].SequenceEqual(TarLayout.StarMark) ? TarLayout.StarPrefixLength : TarLayout.PrefixLength);

    internal int Mode => (int)(Number(TarLayout.ModeOffset, TarLayout.ShortNumberLength, "mode") & 0xFFF);
    internal long UserId => Count(TarLayout.UserIdOffset, TarLayout.ShortNumberLength, "user id");
    internal long GroupId => Count(TarLayout.GroupIdOffset, TarLayout.ShortNumberLength, "group id");
    internal long Size => Count(TarLayout.SizeOffset, TarLayout.LongNumberLength, "size");
    internal UnixTime Modified => new(Number(TarLayout.ModifiedOffset, TarLayout.LongNumberLength, "modification time"), 0);
    internal uint DeviceMajor => HasOwnerFields ? Device(TarLayout.DeviceMajorOffset) : 0;
    internal uint DeviceMinor => HasOwnerFields ? Device(TarLayout.DeviceMinorOffset) : 0;

    /// <summary>GNU writes this in incremental archives only.</summary>
    internal UnixTime? GnuAccessed => IsGnu && _block[TarLayout.GnuAccessedOffset] != 0
        ? new UnixTime(Number(TarLayout.GnuAccessedOffset, TarLayout.LongNumberLength, "access time"), 0)
        : null;

    internal ReadOnlySpan<byte> GnuExtents => _block[TarLayout.GnuSparseOffset..TarLayout.GnuIsExtendedOffset];
    internal bool GnuHasMoreExtents => _block[TarLayout.GnuIsExtendedOffset] != 0;
    internal long GnuRealSize => Count(TarLayout.GnuRealSizeOffset, TarLayout.LongNumberLength, "real size");

    private bool HasOwnerFields => IsPosix || IsGnu;

    private ReadOnlySpan<byte> Text(int offset, int length) => TarField.ReadText(_block.Slice(offset, length));

    private long Number(int offset, int length, string what) =>
        TarField.TryReadNumber(_block.Slice(offset, length), out long value) ? value
            : throw new TarFormatException($"The header's {what} is not a number, or is too large", _offset);

    private long Count(int offset, int length, string what)
    {
        long value = Number(offset, length, what);
        return value >= 0 ? value : throw new TarFormatException($"The header's {what} is negative", _offset);
    }

    private uint Device(int offset)
    {
        long value = Count(offset, TarLayout.ShortNumberLength, "device number");
        return value <= uint.MaxValue ? (uint)value : throw new TarFormatException("The header's device number is too large", _offset);
    }
}
