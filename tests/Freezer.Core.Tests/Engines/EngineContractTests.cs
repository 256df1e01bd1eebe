using System.Security.Cryptography;
using Freezer.Engines.BlockDiff;
using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines;

/// <summary>What a <see cref="BackupEngine"/> promises, for the engines of the library.</summary>
public sealed class TarEngineContract
{
    public static TheoryData<EngineCheck> Checks => new(EngineContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(EngineCheck check) => check.RunAsync(static _ => Task.FromResult<EngineSubject>(new Trees()), new CheckOptions { LargeObject = 4 << 20 });

    private sealed class Trees : EngineSubject
    {
        private readonly ScratchDirectory _scratch = new();
        private int _places;

        public override BackupEngine CreateEngine(IStorage storage, BackupEngineOptions options) => new TarEngine(storage, options: options);

        public override async Task<string> CreateResourceAsync(int contentLength, CancellationToken cancellationToken = default)
        {
            string root = _scratch.Make($"tree {_places++}");
            if (contentLength == 0)
            {
                return root;
            }

            Directory.CreateDirectory(Path.Combine(root, "folder/below/empty"));
            await WriteAsync(root, "large", contentLength / 2, 1, cancellationToken);
            await WriteAsync(root, "folder/half", contentLength - (contentLength / 2), 2, cancellationToken);
            await WriteAsync(root, "folder/below/nothing", 0, 3, cancellationToken);
            File.CreateSymbolicLink(Path.Combine(root, "link"), "folder/half");
            return root;
        }

        public override async Task ChangeResourceAsync(string resource, int step, CancellationToken cancellationToken = default)
        {
            await WriteAsync(resource, $"added {step}", 100, step, cancellationToken);
            await WriteAsync(resource, "changing", 1_000, step, cancellationToken);
            File.Delete(Path.Combine(resource, $"added {step - 1}"));
            Directory.CreateDirectory(Path.Combine(resource, $"folder {step}"));
            if (Directory.Exists(Path.Combine(resource, $"folder {step - 1}")))
            {
                Directory.Delete(Path.Combine(resource, $"folder {step - 1}"));
            }
        }

        public override string NameDestination() => Path.Combine(_scratch.Path, $"destination {_places++}");

        public override Task<string?> DescribeAsync(string resourceOrDestination, CancellationToken cancellationToken = default) =>
            Task.FromResult(!Directory.Exists(resourceOrDestination) ? null
                : string.Join('\n', TreeSnapshot.Take(resourceOrDestination).Entries.Select(static entry => $"{entry.Key}: {entry.Value}")));

        public override ValueTask DisposeAsync()
        {
            _scratch.Dispose();
            return base.DisposeAsync();
        }

        private static Task WriteAsync(string root, string name, int length, int seed, CancellationToken cancellationToken)
        {
            byte[] content = new byte[length];
            new Random(seed).NextBytes(content);
            return File.WriteAllBytesAsync(Path.Combine(root, name), content, cancellationToken);
        }
    }
}

public sealed class BlockDiffEngineContract
{
    public static TheoryData<EngineCheck> Checks => new(EngineContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(EngineCheck check) => check.RunAsync(static _ => Task.FromResult<EngineSubject>(new Images()), new CheckOptions { LargeObject = 4 << 20 });

    private sealed class Images : EngineSubject
    {
        private readonly ScratchDirectory _scratch = new();
        private int _places;

        public override BackupEngine CreateEngine(IStorage storage, BackupEngineOptions options) => new BlockDiffEngine(storage, options: options);

        public override async Task<string> CreateResourceAsync(int contentLength, CancellationToken cancellationToken = default)
        {
            byte[] content = new byte[contentLength];
            new Random(1).NextBytes(content);
            string path = NameDestination();
            await File.WriteAllBytesAsync(path, content, cancellationToken);
            return path;
        }

        public override async Task ChangeResourceAsync(string resource, int step, CancellationToken cancellationToken = default)
        {
            byte[] content = await File.ReadAllBytesAsync(resource, cancellationToken);
            if (content.Length == 0)
            {
                content = new byte[70_000];
            }

            // One byte changes, and as many as there were steps are zeros.
            content[(step * 7_919) % content.Length] += (byte)step;
            content.AsSpan(content.Length / 2, Math.Min(content.Length / 2, step)).Clear();
            await File.WriteAllBytesAsync(resource, content, cancellationToken);
        }

        public override string NameDestination() => Path.Combine(_scratch.Path, $"image {_places++}");

        public override async Task<string?> DescribeAsync(string resourceOrDestination, CancellationToken cancellationToken = default)
        {
            if (!File.Exists(resourceOrDestination))
            {
                return null;
            }

            byte[] content = await File.ReadAllBytesAsync(resourceOrDestination, cancellationToken);
            return $"{content.Length} bytes, {Convert.ToHexString(SHA256.HashData(content))}";
        }

        public override ValueTask DisposeAsync()
        {
            _scratch.Dispose();
            return base.DisposeAsync();
        }
    }
}
