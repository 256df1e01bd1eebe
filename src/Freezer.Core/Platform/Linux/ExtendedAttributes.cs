using System.Buffers;
using System.Runtime.CompilerServices;

namespace Freezer.Platform.Linux;

/// <summary>Extended attributes of what a descriptor holds.</summary>
/// <remarks>A descriptor of a name alone (<c>O_PATH</c>: a link, FIFO or device) is no subject of these calls, but
/// <c>/proc/self/fd/N</c> leads to what it holds, and only there: a link that is held is not followed.</remarks>
[SkipLocalsInit]
internal readonly ref struct ExtendedAttributes
{
    /// <summary>No list of names and no value is longer (<c>XATTR_LIST_MAX</c>, <c>XATTR_SIZE_MAX</c>).</summary>
    private const int Largest = 64 * 1024;

    private const int Usual = 1024;

    /// <summary>What a buffer for a name must hold (<c>XATTR_NAME_MAX</c> and a zero).</summary>
    private const int NameCapacity = 255 + 1;

    private readonly int _descriptor;
    private readonly ReadOnlySpan<byte> _path;
    private readonly ReadOnlySpan<byte> _displayName;

    /// <summary>Those of an open file or directory.</summary>
    internal ExtendedAttributes(int descriptor, ReadOnlySpan<byte> displayName)
    {
        _descriptor = descriptor;
        _displayName = displayName;
    }

    /// <summary>Those of a node that a descriptor stands for.</summary>
    /// <param name="path"><see cref="DescriptorPath"/> of the descriptor.</param>
    /// <param name="displayName">For messages.</param>
    internal ExtendedAttributes(ReadOnlySpan<byte> path, ReadOnlySpan<byte> displayName)
    {
        _path = path;
        _displayName = displayName;
    }

    /// <summary>All of them, sorted by name. One that vanishes meanwhile is left out; none where the file system has no attributes.</summary>
    internal IReadOnlyList<FileAttribute> Read()
    {
        Span<byte> usual = stackalloc byte[Usual];
        byte[]? rented = null;
        try
        {
            ReadOnlySpan<byte> names = ReadNames(usual, ref rented);
            return names.IsEmpty ? [] : ReadValues(names);
        }
        finally
        {
            Return(rented);
        }
    }

    internal IReadOnlyList<byte[]> ReadNames()
    {
        Span<byte> usual = stackalloc byte[Usual];
        byte[]? rented = null;
        try
        {
            ReadOnlySpan<byte> names = ReadNames(usual, ref rented);
            if (names.IsEmpty)
            {
                return [];
            }

            var list = new List<byte[]>();
            while (TryTakeName(ref names, out ReadOnlySpan<byte> terminatedName))
            {
                list.Add(terminatedName[..^1].ToArray());
            }

            return list;
        }
        finally
        {
            Return(rented);
        }
    }

    internal void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int result = SystemCalls.SetAttribute(_descriptor, _path, Terminate(name, stackalloc byte[NameCapacity]), value);
        if (result < 0)
        {
            throw Failure("setxattr", result, name);
        }
    }

    internal void Remove(ReadOnlySpan<byte> name)
    {
        int result = SystemCalls.RemoveAttribute(_descriptor, _path, Terminate(name, stackalloc byte[NameCapacity]));
        if (result < 0 && result != -Errno.NoData)
        {
            throw Failure("removexattr", result, name);
        }
    }

    /// <summary>The names one after another, each with a zero behind it.</summary>
    private ReadOnlySpan<byte> ReadNames(Span<byte> usual, ref byte[]? rented)
    {
        Span<byte> buffer = usual;
        int length = SystemCalls.ListAttributes(_descriptor, _path, buffer);
        if (length == -Errno.OutOfRange)
        {
            rented = ArrayPool<byte>.Shared.Rent(Largest);
            buffer = rented;
            length = SystemCalls.ListAttributes(_descriptor, _path, buffer);
        }

        return length switch
        {
            >= 0 => buffer[..length],
            -Errno.NotSupported or -Errno.NoData => [],
            _ => throw Failure("listxattr", length, []),
        };
    }

    private List<FileAttribute> ReadValues(ReadOnlySpan<byte> names)
    {
        var attributes = new List<FileAttribute>();
        Span<byte> usual = stackalloc byte[Usual];
        byte[]? rented = null;
        try
        {
            while (TryTakeName(ref names, out ReadOnlySpan<byte> terminatedName))
            {
                Span<byte> buffer = rented ?? usual;
                int length = SystemCalls.GetAttribute(_descriptor, _path, terminatedName, buffer);
                if (length == -Errno.OutOfRange && rented is null)
                {
                    rented = ArrayPool<byte>.Shared.Rent(Largest);
                    buffer = rented;
                    length = SystemCalls.GetAttribute(_descriptor, _path, terminatedName, buffer);
                }

                if (length >= 0)
                {
                    attributes.Add(new FileAttribute(terminatedName[..^1].ToArray(), buffer[..length].ToArray()));
                }
                else if (length is not (-Errno.NoData or -Errno.NotSupported))
                {
                    throw Failure("getxattr", length, terminatedName[..^1]);
                }
            }
        }
        finally
        {
            Return(rented);
        }

        attributes.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return attributes;
    }

    private static bool TryTakeName(ref ReadOnlySpan<byte> names, out ReadOnlySpan<byte> terminatedName)
    {
        int length = names.IndexOf((byte)0) + 1;
        terminatedName = names[..length];
        names = names[length..];
        return length != 0;
    }

    private static ReadOnlySpan<byte> Terminate(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.IsEmpty || name.Contains((byte)0))
        {
            throw new ArgumentException("The name of an attribute is empty or holds a zero byte.", nameof(name));
        }

        if (name.Length >= buffer.Length)
        {
            throw LinuxError.Make("setxattr", Errno.NameTooLong, name);
        }

        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return buffer[..(name.Length + 1)];
    }

    private FileSystemException Failure(string call, int error, ReadOnlySpan<byte> attribute)
    {
        string text = attribute.IsEmpty ? call : $"{call} {EntryPath.ToText(attribute)}";
        return _path.IsEmpty ? LinuxError.Make(text, error, _displayName) : DescriptorPath.Failure(text, error, _displayName);
    }

    private static void Return(byte[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
