namespace Freezer.Testing;

/// <summary>How a check ended that found nothing wrong.</summary>
/// <param name="Check">The check's name.</param>
/// <param name="NotApplicable">Why it had nothing to check, for one a capability that is not declared; <see langword="null"/>
/// where it was run and holds. A test framework that knows skipped tests can show it.</param>
public sealed record CheckOutcome(string Check, string? NotApplicable);
