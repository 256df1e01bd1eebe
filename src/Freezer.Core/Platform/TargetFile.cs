namespace Freezer.Platform;

/// <summary>A regular file that was just created and is written.</summary>
internal abstract class TargetFile : TargetNode
{
    internal abstract void WriteAt(ReadOnlySpan<byte> content, long offset);

    /// <summary>Sets the length; what lies beyond what was written is a hole.</summary>
    internal abstract void SetLength(long length);

    /// <summary>Closes the file and throws what the system says only then: a network file system may report a failed write here.
    /// Whoever has written all of a file closes it; disposing is silent, for what is given up.</summary>
    internal abstract void Close();
}
