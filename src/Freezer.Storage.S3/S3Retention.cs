namespace Freezer.Storage.S3;

/// <summary>How firmly an object is kept.</summary>
public enum S3RetentionMode
{
    /// <summary>Who has a special permission may delete it nevertheless.</summary>
    Governance,

    /// <summary>Nobody can delete it.</summary>
    Compliance,
}

/// <summary>How long an object can neither be deleted nor replaced, from the moment when it is written.</summary>
/// <param name="Mode">How firmly it is kept.</param>
/// <param name="Period">How long; more than zero.</param>
public sealed record S3Retention(S3RetentionMode Mode, TimeSpan Period);
