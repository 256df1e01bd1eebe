namespace Freezer.Platform;

/// <summary>A regular file that was just created and is written.</summary>
internal abstract class TargetFile : TargetNode
{
    internal abstract void WriteAt(ReadOnlySpan<byte> content, long offset);

    /// <summary>Sets the length; what lies beyond what was written is a hole.</summary>
    internal abstract void SetLength(long length);
}
