using System.Runtime.InteropServices;

namespace Freezer.Formats.Xz;

/// <summary>An lzma_stream that decodes .xz files, one after another or a single one.</summary>
internal sealed unsafe class LzmaDecoder : SafeHandle
{
    /// <param name="memoryLimit">The most memory in bytes that the decoder may take; xz -9 needs 65 MiB.</param>
    /// <param name="isConcatenated">Whether it goes on behind the end of a file.</param>
    internal LzmaDecoder(ulong memoryLimit, bool isConcatenated = true)
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
        SetHandle((nint)NativeMemory.AllocZeroed((nuint)sizeof(LzmaNative.Stream)));
        LzmaNative.Result result = LzmaNative.StartDecoder(Stream, memoryLimit, isConcatenated ? LzmaNative.Concatenated : 0);
        if (result != LzmaNative.Result.Ok)
        {
            Dispose();
            throw new InsufficientMemoryException($"liblzma cannot start its decoder: {result}.");
        }
    }

    public override bool IsInvalid => handle == 0;

    private LzmaNative.Stream* Stream => (LzmaNative.Stream*)handle;

    /// <summary>Decodes as much as the two spans allow.</summary>
    /// <param name="source">What comes next of the file.</param>
    /// <param name="isLast">Whether nothing comes after it.</param>
    /// <param name="destination">Where the content goes.</param>
    /// <param name="consumed">How many bytes of the source were used.</param>
    /// <param name="written">How many bytes of content were made.</param>
    internal LzmaNative.Result Decode(ReadOnlySpan<byte> source, bool isLast, Span<byte> destination, out int consumed, out int written)
    {
        fixed (byte* input = source)
        fixed (byte* output = destination)
        {
            LzmaNative.Stream* stream = Stream;
            stream->NextIn = input;
            stream->AvailableIn = (nuint)source.Length;
            stream->NextOut = output;
            stream->AvailableOut = (nuint)destination.Length;
            LzmaNative.Result result = LzmaNative.Code(stream, isLast ? LzmaNative.Action.Finish : LzmaNative.Action.Run);
            consumed = source.Length - (int)stream->AvailableIn;
            written = destination.Length - (int)stream->AvailableOut;
            return result;
        }
    }

    protected override bool ReleaseHandle()
    {
        LzmaNative.End(Stream);
        NativeMemory.Free(Stream);
        return true;
    }
}
