using Freezer.Storage.S3.Tests.Support;
using Freezer.Testing;

namespace Freezer.Storage.S3.Tests;

/// <summary>The contract of a storage, over the wire format of S3, on servers that differ.</summary>
public sealed class FakeServerContractTests
{
    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory]
    [MemberData(nameof(Checks))]
    public Task Holds_on_a_server_that_knows_everything(StorageCheck check) => RunAsync(check, new FakeTraits());

    [Theory]
    [MemberData(nameof(Checks))]
    public Task Holds_on_a_server_that_knows_little(StorageCheck check) => RunAsync(check, new FakeTraits
    {
        ConditionalPut = FakeCondition.Refused,
        ConditionalComplete = FakeCondition.Refused,
        DeletesMany = false,
        PageSize = 7,
    });

    private static async Task RunAsync(StorageCheck check, FakeTraits traits)
    {
        using var server = new FakeServer(traits);
        await check.RunAsync(async token => await server.OpenAsync(token), new CheckOptions { ManyObjects = 100, LargeObject = 12 << 20 });
        server.OpenUploads.Should().Be(0);
        server.Names.Should().BeSubsetOf([".freezer-s3/probe"]);
    }
}
