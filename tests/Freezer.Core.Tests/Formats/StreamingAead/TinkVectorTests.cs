using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Freezer.Formats.StreamingAead;
using Freezer.Tests.Support;

namespace Freezer.Tests.Formats.StreamingAead;

/// <summary>The vectors that Tink publishes; the file says where they are from.</summary>
public sealed class TinkVectorTests
{
    public static TheoryData<int> Vectors => [.. Enumerable.Range(0, 8)];

    [Fact]
    public void There_are_as_many_vectors_as_were_published() => ReadAll().GetArrayLength().Should().Be(Vectors.Count);

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_published_stream_decrypts(int number)
    {
        Vector vector = Vector.Of(ReadAll()[number]);

        AeadExample.Open(vector.Parameters, vector.Key, vector.AssociatedData, vector.Stored).Should().Equal(vector.Message);
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_published_message_encrypts_to_the_byte(int number)
    {
        Vector vector = Vector.Of(ReadAll()[number]);

        // A stream that is opened has the published salt and nonces.
        AeadExample.Seal(AeadStream.Open(vector.Parameters, vector.Key, vector.AssociatedData, vector.Stored), vector.Message)
            .Should().Equal(vector.Stored);
    }

    private static JsonElement ReadAll() => JsonDocument.Parse(
        File.ReadAllBytes(Repository.PathOf("tests", "Freezer.Core.Tests", "Formats", "StreamingAead", "tink-vectors.json"))).RootElement.GetProperty("vectors");

    private sealed record Vector(AeadParameters Parameters, byte[] Key, byte[] AssociatedData, byte[] Message, byte[] Stored)
    {
        internal static Vector Of(JsonElement element) => new(
            new AeadParameters(
                new HashAlgorithmName(element.GetProperty("hkdf").GetString()),
                element.GetProperty("derivedKeyBytes").GetInt32(),
                element.GetProperty("segmentBytes").GetInt32()),
            Bytes(element, "key"),
            Bytes(element, "aad"),
            Encoding.UTF8.GetBytes(element.GetProperty("plaintextUtf8").GetString()!),
            Bytes(element, "ciphertext"));

        private static byte[] Bytes(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
    }
}
