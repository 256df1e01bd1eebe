using System.Globalization;
using System.Security.Cryptography;
using Freezer.Keys;

namespace Freezer.Tests.Keys;

public sealed class PassphraseKeyTests
{
    private static readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public async Task A_passphrase_unwraps_what_it_wrapped_and_another_one_does_not()
    {
        using var passphrase = new PassphraseKey("Größe 3,5 m²");
        using var other = new PassphraseKey("Größe 3,5 m2");
        WrappedKey wrapped = await passphrase.WrapAsync(_secret);
        byte[] key = new byte[32];

        (await other.TryUnwrapAsync(wrapped, key)).Should().BeFalse();
        key.Should().OnlyContain(static value => value == 0);
        (await passphrase.TryUnwrapAsync(wrapped, key)).Should().BeTrue();
        key.Should().Equal(_secret);
        wrapped.Parameters["rounds"].Should().Be("600000");
    }

    [Fact]
    public async Task One_passphrase_never_wraps_twice_in_the_same_way()
    {
        using var passphrase = new PassphraseKey("x");

        WrappedKey first = await passphrase.WrapAsync(_secret);
        WrappedKey second = await passphrase.WrapAsync(_secret);
        first.Parameters["salt"].Should().NotBe(second.Parameters["salt"]);
        first.Bytes.ToArray().Should().NotEqual(second.Bytes.ToArray());
    }

    [Fact]
    public async Task More_rounds_are_stored_with_what_they_wrapped()
    {
        using var passphrase = new PassphraseKey("x") { Rounds = 600_001 };
        using var usual = new PassphraseKey("x");
        WrappedKey wrapped = await passphrase.WrapAsync(_secret);

        wrapped.Parameters["rounds"].Should().Be("600001");
        (await usual.TryUnwrapAsync(wrapped, new byte[32])).Should().BeTrue();
    }

    [Fact]
    public void An_empty_passphrase_and_too_few_rounds_are_wrong_arguments()
    {
        FluentActions.Invoking(static () => new PassphraseKey("")).Should().Throw<ArgumentException>().WithMessage("*empty*");
        FluentActions.Invoking(static () => new PassphraseKey("x") { Rounds = 599_999 }).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(static () => new PassphraseKey("x") { Rounds = int.MaxValue }).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData("rounds", "599999")]
    [InlineData("rounds", "2147483647")]
    [InlineData("rounds", "-600000")]
    [InlineData("rounds", null)]
    [InlineData("salt", "AAAA")]
    [InlineData("salt", "no base64")]
    [InlineData("salt", null)]
    public async Task Parameters_that_no_passphrase_wrote_are_refused_without_computing(string name, string? value)
    {
        using var passphrase = new PassphraseKey("x");
        var parameters = new Dictionary<string, string> { ["rounds"] = 600_000.ToString(CultureInfo.InvariantCulture), ["salt"] = Convert.ToBase64String(new byte[32]) };
        _ = value is null ? parameters.Remove(name) : (parameters[name] = value) is null;

        await FluentActions.Awaiting(() => passphrase.TryUnwrapAsync(new WrappedKey { Bytes = new byte[120], Parameters = parameters }, new byte[32]).AsTask())
            .Should().ThrowAsync<InvalidDataException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_raw_key_has_32_bytes(int length) =>
        FluentActions.Invoking(() => new RawKey(new byte[length])).Should().Throw<ArgumentException>().WithMessage($"*has {length}*");

    [Fact]
    public async Task A_wrapped_key_that_was_altered_anywhere_is_refused()
    {
        using var key = new RawKey(RandomNumberGenerator.GetBytes(32));
        byte[] wrapped = (await key.WrapAsync(_secret)).Bytes.ToArray();

        for (int i = 0; i < wrapped.Length; i++)
        {
            byte[] altered = [.. wrapped];
            altered[i] ^= 1;
            (await IsRefusedAsync(key, altered)).Should().BeTrue($"byte {i} is altered");
            (await IsRefusedAsync(key, wrapped[..i])).Should().BeTrue($"only {i} bytes are left");
        }
    }

    private static async Task<bool> IsRefusedAsync(RawKey key, byte[] wrapped)
    {
        try
        {
            return !await key.TryUnwrapAsync(new WrappedKey { Bytes = wrapped }, new byte[32]);
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}
