namespace Freezer.Dataflow;

/// <summary>The frames of a parent's manifest that were read so far, by their content. One entry for some 256 KiB of manifest.</summary>
internal sealed class ManifestFrameSet
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Sha256Digest, ManifestFrame> _frames = [];

    internal void Add(ManifestFrame frame)
    {
        lock (_lock)
        {
            _frames.TryAdd(frame.Digest, frame);
        }
    }

    internal ManifestFrame? Find(in Sha256Digest digest, int contentLength)
    {
        lock (_lock)
        {
            return _frames.TryGetValue(digest, out ManifestFrame? frame) && frame.Frame.ContentLength == contentLength ? frame : null;
        }
    }
}
