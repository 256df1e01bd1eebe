using System.Runtime.InteropServices;
using Freezer.Platform;

namespace Freezer.Formats.Xz;

/// <summary>The part of liblzma's stable interface that is used here (lzma/base.h, container.h and lzma12.h of 5.2).</summary>
internal static unsafe partial class LzmaNative
{
    private const string Library = NativeDependency.LzmaName;

    internal const int CheckCrc64 = 4;             // LZMA_CHECK_CRC64, what the xz program writes
    internal const uint Concatenated = 0x08;       // LZMA_CONCATENATED
    internal const ulong FilterLzma2 = 0x21;       // LZMA_FILTER_LZMA2
    internal const ulong NoFilter = ulong.MaxValue; // LZMA_VLI_UNKNOWN ends a chain of filters
    internal const uint SmallestDictionary = 4096; // LZMA_DICT_SIZE_MIN

    /// <summary>lzma_ret.</summary>
    internal enum Result
    {
        Ok = 0,
        StreamEnd = 1,
        OutOfMemory = 5,
        MemoryLimit = 6,
        NotThisFormat = 7,
        UnsupportedOptions = 8,
        DamagedData = 9,
        NoProgress = 10,
    }

    /// <summary>lzma_action.</summary>
    internal enum Action
    {
        Run = 0,
        Finish = 3,
    }

    /// <summary>lzma_stream.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Stream
    {
        internal byte* NextIn;
        internal nuint AvailableIn;
        internal ulong TotalIn;
        internal byte* NextOut;
        internal nuint AvailableOut;
        internal ulong TotalOut;
        internal void* Allocator;
        internal void* Internal;
        internal Reserved4 ReservedPointers;
        internal ulong SeekPosition;
        internal ulong ReservedInteger2;
        internal nuint ReservedInteger3;
        internal nuint ReservedInteger4;
        internal int ReservedEnum1;
        internal int ReservedEnum2;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Reserved4
    {
        internal void* First;
        internal void* Second;
        internal void* Third;
        internal void* Fourth;
    }

    /// <summary>lzma_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Filter
    {
        internal ulong Id;
        internal void* Options;
    }

    /// <summary>lzma_options_lzma: only its first member is named here, the rest is filled by <see cref="Preset"/>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct EncoderOptions
    {
        [FieldOffset(0)]
        internal uint DictionarySize;

        [FieldOffset(0)]
        private readonly ulong _alignment;
    }

    /// <summary>lzma_lzma_preset; true where the preset is not known.</summary>
    [LibraryImport(Library, EntryPoint = "lzma_lzma_preset")]
    internal static partial byte Preset(EncoderOptions* options, uint preset);

    [LibraryImport(Library, EntryPoint = "lzma_stream_buffer_bound")]
    internal static partial nuint BufferBound(nuint contentLength);

    [LibraryImport(Library, EntryPoint = "lzma_stream_buffer_encode")]
    internal static partial Result EncodeBuffer(
        Filter* filters, int check, void* allocator, ReadOnlySpan<byte> source, nuint sourceLength, Span<byte> destination, ref nuint position, nuint capacity);

    [LibraryImport(Library, EntryPoint = "lzma_stream_decoder")]
    internal static partial Result StartDecoder(Stream* stream, ulong memoryLimit, uint flags);

    [LibraryImport(Library, EntryPoint = "lzma_code")]
    internal static partial Result Code(Stream* stream, Action action);

    [LibraryImport(Library, EntryPoint = "lzma_end")]
    internal static partial void End(Stream* stream);
}
