namespace Freezer.Storage.S3;

/// <summary>Decides how the next stretch of an object is read: in ranges side by side, or as one range.</summary>
/// <remarks>Ranges side by side are several times as fast where a server gives each connection only a share, or is far away. Where the wire, the disks or
/// the processors at either end are the limit they gain nothing, and cost memory and requests. Only a measurement tells the two apart: both ways read as much,
/// the better one reads a long stretch, and then again, since the limit may be another one by then.</remarks>
internal sealed class ReadPace(long rangeSize, int parallelism)
{
    /// <summary>How many times as fast ranges side by side have to be.</summary>
    private const double WorthTheCost = 1.25;

    /// <summary>After so much it is measured again.</summary>
    private const long LongestStretch = 2L << 30;

    private readonly long _trial = rangeSize * parallelism;
    private long _nextAlone = 4 * rangeSize * parallelism;
    private int _stretches;

    // Seconds for a byte.
    private double _sideBySide;
    private double _alone;

    /// <summary>The next stretch.</summary>
    /// <param name="left">How many bytes of the read are left.</param>
    internal Stretch Next(long left)
    {
        (bool isSideBySide, long length) = (_stretches++ % 3) switch
        {
            0 when left <= 2 * _trial => (true, left),
            0 => (true, _trial),
            1 => (false, _trial),
            _ when _sideBySide * WorthTheCost < _alone => (true, LongestStretch),
            _ => (false, NextAlone()),
        };
        return new Stretch(isSideBySide, Math.Min(left, length));
    }

    /// <summary>Takes note of how long a stretch took from its first byte on.</summary>
    internal void Took(Stretch stretch, TimeSpan elapsed)
    {
        ref double pace = ref stretch.IsSideBySide ? ref _sideBySide : ref _alone;
        pace = elapsed.TotalSeconds / stretch.Length;
    }

    /// <summary>A wrong verdict for one range costs the most, and the first one is made while the process is still being compiled: it holds for less.</summary>
    private long NextAlone()
    {
        long length = _nextAlone;
        _nextAlone = Math.Min(4 * length, LongestStretch);
        return length;
    }

    /// <summary>A part of an object that is read in one way.</summary>
    internal readonly record struct Stretch(bool IsSideBySide, long Length);
}
