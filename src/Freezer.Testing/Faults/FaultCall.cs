namespace Freezer.Testing;

/// <summary>Which call of a <see cref="FaultyStorage"/> a fault is for. A number alone is that call of all, counted from 1.</summary>
public readonly record struct FaultCall
{
    private FaultCall(StorageVerb? verb, string keyEnd, int number)
    {
        ArgumentNullException.ThrowIfNull(keyEnd);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        Verb = verb;
        KeyEnd = keyEnd;
        Ordinal = number;
    }

    internal StorageVerb? Verb { get; }

    internal string KeyEnd { get; }

    internal int Ordinal { get; }

    /// <summary>The call of this number among all calls.</summary>
    /// <param name="number">Counted from 1.</param>
    public static FaultCall Number(int number) => new(null, "", number);

    /// <summary>A write.</summary>
    /// <param name="keyEnd">Only those whose key ends so; empty for all.</param>
    /// <param name="number">Which of these, counted from 1.</param>
    public static FaultCall Write(string keyEnd = "", int number = 1) => new(StorageVerb.Write, keyEnd, number);

    /// <summary>A read.</summary>
    /// <param name="keyEnd">Only those whose key ends so; empty for all.</param>
    /// <param name="number">Which of these, counted from 1.</param>
    public static FaultCall Read(string keyEnd = "", int number = 1) => new(StorageVerb.Read, keyEnd, number);

    /// <summary>A look for an object.</summary>
    /// <param name="keyEnd">Only those whose key ends so; empty for all.</param>
    /// <param name="number">Which of these, counted from 1.</param>
    public static FaultCall Find(string keyEnd = "", int number = 1) => new(StorageVerb.Find, keyEnd, number);

    /// <summary>A listing.</summary>
    /// <param name="prefixEnd">Only those whose prefix ends so; empty for all.</param>
    /// <param name="number">Which of these, counted from 1.</param>
    public static FaultCall List(string prefixEnd = "", int number = 1) => new(StorageVerb.List, prefixEnd, number);

    /// <summary>A deletion.</summary>
    /// <param name="keyEnd">Only those whose key ends so; empty for all.</param>
    /// <param name="number">Which of these, counted from 1.</param>
    public static FaultCall Delete(string keyEnd = "", int number = 1) => new(StorageVerb.Delete, keyEnd, number);

    /// <summary>The call of this number among all calls.</summary>
    /// <param name="number">Counted from 1.</param>
    public static implicit operator FaultCall(int number) => Number(number);

    /// <summary>For example <c>Write 1 of …/metadata</c>.</summary>
    public override string ToString() => Verb is null ? $"call {Ordinal}" : $"{Verb} {Ordinal} of …{KeyEnd}";

    internal bool IsFor(StorageVerb verb, string key) => (Verb is null || Verb == verb) && key.EndsWith(KeyEnd, StringComparison.Ordinal);
}

/// <summary>The five verbs of a storage.</summary>
internal enum StorageVerb
{
    Write,
    Read,
    Find,
    List,
    Delete,
}
