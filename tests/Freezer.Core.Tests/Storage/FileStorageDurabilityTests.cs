using System.Text.RegularExpressions;
using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

/// <summary>What is on disk, and in which order.</summary>
[Collection(nameof(SystemCalls))]
public sealed class FileStorageDurabilityTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task An_object_is_on_disk_before_it_has_its_name_and_its_directories_are_after()
    {
        Tool.Require("strace");
        string root = _scratch["root"];
        string[] calls = await SystemCalls.TraceAsync(_scratch.Path, async () =>
        {
            await using FileStorage storage = new(root);
            await storage.PutAsync("a/b/object", "content");
            await storage.PutAsync("a/b/object", "other", WriteOptions.Replace);
            await storage.DeleteAsync(Key("a/b/object"));
        });

        string scratch = Regex.Escape(_scratch.Path);
        string temporary = $@"{scratch}/root/a/b/\.freezer-[0-9a-f]{{32}}\.part";
        string[] expected =
        [
            // The new root is on disk, then the object, then the names from its directory up to the root.
            $"^fsync .*<{scratch}>",
            $"^fsync .*<{temporary}>", $"^link.*{temporary}.*/root/a/b/object", $"^unlink.*{temporary}",
            $"^fsync .*<{scratch}/root/a/b>", $"^fsync .*<{scratch}/root/a>", $"^fsync .*<{scratch}/root>",
            $"^fsync .*<{temporary}>", $"^rename.*{temporary}.*/root/a/b/object",
            $"^fsync .*<{scratch}/root/a/b>", $"^fsync .*<{scratch}/root/a>", $"^fsync .*<{scratch}/root>",
            $"^unlink.*/root/a/b/object", $"^rmdir.*/root/a/b\"", $"^rmdir.*/root/a\"", $"^fsync .*<{scratch}/root>",
        ];
        calls.Should().HaveSameCount(expected, string.Join('\n', calls));
        for (int i = 0; i < expected.Length; i++)
        {
            calls[i].Should().MatchRegex(expected[i]);
        }
    }
}
