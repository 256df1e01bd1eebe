using System.IO.Pipelines;

namespace Freezer;

/// <summary>Where an engine writes its manifest: what it must remember to compute the next difference.</summary>
/// <remarks>
/// The manifest is cut into frames at borders that depend on the content between two calls of <see cref="EndBlock"/>, so that a
/// part that has not changed since the parent's manifest falls into the same frames, which are then not stored again.
/// The engine writes whatever it likes; it never completes the writer.
/// </remarks>
public abstract class ManifestWriter : PipeWriter
{
    /// <summary>Says that a block (a directory, a run of hashes) ends here: a place where a frame may end.</summary>
    public abstract void EndBlock();
}
