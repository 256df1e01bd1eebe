namespace Freezer.Testing;

/// <summary>A check found that a contract does not hold. The message names the check, what was expected, what was seen, and the rule.</summary>
public sealed class ContractViolationException : Exception
{
    internal ContractViolationException(CheckTitle check, string expected, string seen, Exception? innerException = null)
        : base($"'{check.Name}' does not hold.\nExpected: {expected}\nSeen: {seen}\nThe rule: {check.Rule}", innerException)
    {
        Check = check.Name;
        Rule = check.Rule;
        Expected = expected;
        Seen = seen;
    }

    /// <summary>The name of the check.</summary>
    public string Check { get; }

    /// <summary>The rule of the contract that the check stands for.</summary>
    public string Rule { get; }

    /// <summary>What should have happened.</summary>
    public string Expected { get; }

    /// <summary>What happened.</summary>
    public string Seen { get; }
}

/// <summary>What a check is called, and the rule that it stands for.</summary>
internal sealed record CheckTitle(string Name, string Rule);

/// <summary>Ends a check that has nothing to look at.</summary>
internal sealed class NotApplicableException(string reason) : Exception(reason);
