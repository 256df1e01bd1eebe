using System.Buffers;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Small files with their content, which go to another core together: handing over each one costs more than writing it.</summary>
internal sealed class FileBatch : IDisposable
{
    internal const int MostFiles = 32;

    /// <summary>The content that fits.</summary>
    internal const int Capacity = 256 << 10;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(Capacity);
    private readonly Item[] _items = new Item[MostFiles];
    private int _used;

    private readonly record struct Item(DirectoryFrame Directory, FileRequest Request, int Offset, bool Replaces);

    internal int Count { get; private set; }

    /// <summary>Whether a file of this length can be added.</summary>
    internal bool HasRoomFor(long length) => Count < MostFiles && length <= Capacity - _used;

    /// <summary>Adds a file, with its content from the archive. Holds its directory.</summary>
    internal async ValueTask AddAsync(
        DirectoryChain chain, DirectoryFrame directory, FileRequest request, TarReader? content, bool replaces, CancellationToken cancellationToken)
    {
        int end = _used + (int)request.StoredSize;
        for (int filled = _used; filled < end;)
        {
            ReadOnlySequence<byte> part = await content!.ReadContentAsync(cancellationToken).ConfigureAwait(false);
            part.CopyTo(_buffer.AsSpan(filled));
            filled += (int)part.Length;
            content.AdvanceContent(part.End);
        }

        if (Count == 0 || _items[Count - 1].Directory != directory)
        {
            chain.Retain(directory);
        }

        _items[Count++] = new Item(directory, request, _used, replaces);
        _used = end;
    }

    /// <summary>Writes the files in their order.</summary>
    /// <param name="chain">Lets go of each directory behind its last file, also where writing has failed.</param>
    /// <param name="write">Writes one; <see langword="null"/> to drop all.</param>
    internal void Write(DirectoryChain chain, FileWriter? write)
    {
        int next = 0;
        try
        {
            for (; next < Count; next++)
            {
                ref readonly Item item = ref _items[next];
                write?.Write(item.Directory, item.Request, _buffer.AsSpan(item.Offset, (int)item.Request.StoredSize), item.Replaces);
                if (IsLastOfDirectory(next))
                {
                    chain.Release(item.Directory);
                }
            }
        }
        finally
        {
            for (; next < Count; next++)
            {
                if (IsLastOfDirectory(next))
                {
                    chain.Release(_items[next].Directory);
                }
            }
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private bool IsLastOfDirectory(int index) => index + 1 == Count || _items[index + 1].Directory != _items[index].Directory;
}
