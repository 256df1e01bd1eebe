namespace Freezer.Tests.Support;

/// <summary>The system's clock, so much ahead: what has just been written is old by it.</summary>
internal sealed class OffsetClock(TimeSpan ahead) : TimeProvider
{
    /// <summary>By this clock nothing that a test has written is too fresh to be told from a later change.</summary>
    internal static TimeProvider InAnHour { get; } = new OffsetClock(TimeSpan.FromHours(1));

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}
