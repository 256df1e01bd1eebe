using Freezer.Cli.Tests;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>Metadata documents of other programs, and what others might make of them: each is listed, or is a problem that is named.</summary>
public sealed class ForeignDocumentTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("""{"engine_name": "tar", "compression": "gzip", "encryption": false}""", null)]
    [InlineData("{\"engine_name\": \"tar\", \"compression\": \"gzip\", \"encryption\": false}\nand more", null)]
    [InlineData("""{"engine_name": "tar", "of_tomorrow": {"a": [1]}}""", null)]
    [InlineData("{}", "it names no engine")]
    [InlineData("null", "it is not a JSON object")]
    [InlineData("[]", "it is not a JSON object")]
    [InlineData("", "it is not a JSON document")]
    [InlineData("""{"engine_name": null}""", "its member 'engine_name' is not a text")]
    [InlineData("""{"engine_name": "tar", "source": null}""", "its member 'source' is not an object")]
    [InlineData("""{"engine_name": "tar", "source": {}}""", "its member 'host' is not there")]
    [InlineData("""{"engine_name": "tar", "archive": null}""", "its member 'archive' is not an object")]
    [InlineData("""{"engine_name": "tar", "format": 99}""", "it has format 99")]
    public void A_document_is_listed_or_its_problem_is(string document, string? problem)
    {
        string place = Directory.CreateDirectory(Path.Combine(_scratch.Path, "metadata", "tar", "n", "1700000000", "0_1700000000")).FullName;
        File.WriteAllText(Path.Combine(place, "metadata"), document);

        var backup = FreezerProgram.Run("list", "--storage", _scratch.Path, "--json").ShouldEndWith(0).Document["backups"]!.AsArray()
            .Should().ContainSingle().Subject!.AsObject();

        ((string?)backup["problem"] ?? "").Should().StartWith(problem ?? "");
        (backup["problem"] is null).Should().Be(problem is null);
        ((bool)backup["foreign"]!).Should().Be(problem is null);
    }
}
