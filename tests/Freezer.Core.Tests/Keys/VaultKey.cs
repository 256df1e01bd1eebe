using Freezer.Keys;

namespace Freezer.Tests.Keys;

/// <summary>A key as an application has it in a key management service: the service alone knows what it wraps.</summary>
internal sealed class VaultKey(string name) : IKeyProvider
{
    private readonly Dictionary<string, byte[]> _vault = [];

    public string Kind => "vault";

    public ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        string ticket = Guid.NewGuid().ToString();
        _vault.Add(ticket, key.ToArray());
        return new(new WrappedKey { Bytes = new byte[] { 1 }, Parameters = new Dictionary<string, string> { ["name"] = name, ["ticket"] = ticket } });
    }

    public ValueTask<bool> TryUnwrapAsync(WrappedKey wrapped, Memory<byte> key, CancellationToken cancellationToken = default)
    {
        if (wrapped.Parameters["name"] != name)
        {
            return new(false);
        }

        _vault[wrapped.Parameters["ticket"]].CopyTo(key);
        return new(true);
    }
}
