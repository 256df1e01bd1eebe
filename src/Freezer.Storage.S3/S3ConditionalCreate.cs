namespace Freezer.Storage.S3;

/// <summary>Whether a server honours <c>If-None-Match: *</c> where an object is written with one request.</summary>
public enum S3ConditionalCreate
{
    /// <summary>It is found out when the storage is opened, with a small object <c>.freezer-s3/probe</c> that stays in the bucket. Where the credentials may not write,
    /// the answer is no.</summary>
    Probe,

    /// <summary>It does, and nothing is probed.</summary>
    Supported,

    /// <summary>It does not, and nothing is probed: an object is looked for and then written, and of two writers that do so at the same moment both may win.</summary>
    Unsupported,
}
