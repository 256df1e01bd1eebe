namespace Freezer.Storage.S3.Tests.Support;

/// <summary>What a server does with a condition.</summary>
internal enum FakeCondition
{
    Honoured,
    Ignored,
    Refused,
    Misunderstood,
}

/// <summary>In what servers differ.</summary>
internal sealed record FakeTraits
{
    internal FakeCondition ConditionalPut { get; init; }

    internal FakeCondition ConditionalComplete { get; init; }

    /// <summary>Whether the bucket gives each new object a retention.</summary>
    internal bool RetainsAll { get; init; }

    internal bool DeletesMany { get; init; } = true;

    /// <summary>An object that a batch deletion leaves out.</summary>
    internal string? Undeletable { get; init; }

    internal int PageSize { get; init; } = 1_000;

    internal int MostParts { get; init; } = 10_000;
}
