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
    private int _stretches;

    // How long the trials took, the latest ones counting for most.
    private TimeSpan _sideBySide;
    private TimeSpan _alone;

    /// <summary>The next stretch.</summary>
    /// <param name="left">How many bytes of the read are left.</param>
    internal Stretch Next(long left)
    {
        Stretch stretch = (_stretches++ % 3) switch
        {
            0 when left <= 2 * _trial => new(IsSideBySide: true, IsTrial: false, left),
            0 => new(IsSideBySide: true, IsTrial: true, _trial),
            1 => new(IsSideBySide: false, IsTrial: true, _trial),
            _ when _sideBySide * WorthTheCost < _alone => new(IsSideBySide: true, IsTrial: false, LongestStretch),

            // A wrong verdict for one range costs the most, and the first one is made while a process still compiles itself.
            _ => new(IsSideBySide: false, IsTrial: false, _stretches == 3 ? 4 * _trial : LongestStretch),
        };
        return stretch with { Length = Math.Min(left, stretch.Length) };
    }

    /// <summary>Takes note of how long a stretch took from its first byte on.</summary>
    internal void Took(Stretch stretch, TimeSpan elapsed)
    {
        if (stretch.IsTrial)
        {
            ref TimeSpan time = ref stretch.IsSideBySide ? ref _sideBySide : ref _alone;
            time = time == TimeSpan.Zero ? elapsed : (time + elapsed) / 2;
        }
    }

    /// <summary>A part of an object that is read in one way.</summary>
    internal readonly record struct Stretch(bool IsSideBySide, bool IsTrial, long Length);
}
