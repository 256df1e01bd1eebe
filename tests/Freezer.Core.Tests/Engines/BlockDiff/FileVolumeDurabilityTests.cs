using System.Text.RegularExpressions;
using Freezer.Engines.BlockDiff;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>What of a restored image is on disk, and in which order.</summary>
[Collection(nameof(SystemCalls))]
public sealed class FileVolumeDurabilityTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly BlockTestBed _bed = new(new FileVolumeProvider(), blockSize: 64 << 10);

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task A_new_image_is_on_disk_under_its_name()
    {
        Tool.Require("strace");
        await File.WriteAllBytesAsync(_scratch["image"], Images.Dense(100));
        StoredLevel full = await _bed.BackupAsync(_scratch["image"]);
        string directory = _scratch.Make("restored");
        string image = Path.Combine(directory, "image");

        string[] created = await SystemCalls.TraceAsync(directory, () => _bed.RestoreAsync(image, [full]));
        string[] written = await SystemCalls.TraceAsync(directory, () => _bed.RestoreAsync(image, [full], overwrite: true));

        created.Should().HaveCount(2, string.Join('\n', created));
        created[0].Should().MatchRegex($"^fsync .*<{Regex.Escape(image)}>");
        created[1].Should().MatchRegex($"^fsync .*<{Regex.Escape(directory)}>");
        written.Should().ContainSingle().Which.Should().MatchRegex($"^fsync .*<{Regex.Escape(image)}>");
    }
}
