using Freezer.Engines.BlockDiff;
using Freezer.Engines.Tar;
using Freezer.Platform;
using Freezer.Storage;
using Freezer.Tests.Engines.BlockDiff;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engine;

/// <summary>An engine with a small source that can be changed and made to fail, and a storage in memory.</summary>
internal abstract class FaultBench : IDisposable
{
    /// <summary>What a read of the source fails with.</summary>
    internal const string Fault = "the planned fault of a read";

    private int _failingRead;
    private int _reads;
    private int _destinations;

    internal MemoryStorage Storage { get; } = new();

    internal BackupEngine Engine => EngineOn(Storage);

    internal abstract string Resource { get; }

    /// <summary>Whether the planned fault of a read came to pass.</summary>
    internal bool HasFailed => _failingRead > 0 && Volatile.Read(ref _reads) >= _failingRead;

    internal static FaultBench Of(string engine) => engine == "tar" ? new Tree() : new Volume();

    internal abstract BackupEngine EngineOn(IStorage storage);

    internal abstract void Change();

    /// <summary>What the source holds now.</summary>
    internal abstract string Source();

    internal abstract string Restored(string destination);

    internal string NewDestination() => PlaceOf($"destination-{++_destinations}");

    /// <summary>Lets a read of the source fail, counted from 1 and from now on; 0 for none.</summary>
    internal void FailAtRead(int read) => (_failingRead, _reads) = (read, 0);

    internal async Task<string> TakeFullAsync(string name)
    {
        (await Engine.BackupAsync(Resource, name)).Outcome.Should().Be(BackupOutcome.Complete);
        return Source();
    }

    public abstract void Dispose();

    protected abstract string PlaceOf(string destination);

    /// <summary>To be called before each read.</summary>
    protected void Read()
    {
        if (Interlocked.Increment(ref _reads) == _failingRead)
        {
            throw new FileSystemException(FileError.Other, Fault);
        }
    }

    private sealed class Tree : FaultBench
    {
        private readonly ScratchDirectory _scratch = new();
        private readonly InterceptedFileTree _tree;

        internal Tree()
        {
            _tree = new InterceptedFileTree(FileTree.ForThisMachine)
            {
                OpeningFile = _ => Read(),
                OpeningDirectory = _ => Read(),
                Listing = _ => Read(),
                Reading = (_, _) => Read(),
            };
            string inside = _scratch.Make("source/inside");
            File.WriteAllText(Path.Combine(Resource, "changed"), "before");
            File.WriteAllText(Path.Combine(inside, "changed"), "before");
            File.WriteAllText(Path.Combine(inside, "unchanged"), "before");
            File.WriteAllBytes(Path.Combine(inside, "large"), new byte[600_000]);
        }

        internal override string Resource => Path.Combine(_scratch.Path, "source");

        internal override BackupEngine EngineOn(IStorage storage) => new TarEngine(storage, _tree);

        internal override void Change()
        {
            File.WriteAllText(Path.Combine(Resource, "changed"), "afterwards");
            File.WriteAllText(Path.Combine(Resource, "inside", "changed"), "afterwards");
            File.WriteAllBytes(Path.Combine(Resource, "inside", "large"), [.. Enumerable.Repeat((byte)7, 600_001)]);
            File.WriteAllText(Path.Combine(Resource, "new"), "new");
        }

        internal override string Source() => Restored(Resource);

        internal override string Restored(string destination) => string.Join('\n', TreeSnapshot.Take(destination).Entries.Select(static entry => $"{entry.Key} {entry.Value}"));

        public override void Dispose() => _scratch.Dispose();

        protected override string PlaceOf(string destination) => Path.Combine(_scratch.Path, destination);
    }

    private sealed class Volume : FaultBench
    {
        private const int BlockSize = 4096;

        private readonly MemoryVolumes _volumes = new();

        internal Volume()
        {
            byte[] content = new byte[16 * BlockSize];
            new Random(1).NextBytes(content);
            MemoryVolume source = _volumes.Add(Resource, content);
            source.LongestRead = BlockSize;
            source.BeforeRead = _ => Read();
        }

        internal override string Resource => "source";

        internal override BackupEngine EngineOn(IStorage storage) =>
            new BlockDiffEngine(storage, new BlockDiffEngineOptions { BlockSize = BlockSize, Volumes = _volumes });

        internal override void Change() => _volumes[Resource].Content.AsSpan(3 * BlockSize, 2 * BlockSize).Fill(7);

        internal override string Source() => Restored(Resource);

        internal override string Restored(string destination) => Convert.ToHexString(_volumes[destination].Content);

        public override void Dispose() => _volumes.ByName.Clear();

        protected override string PlaceOf(string destination) => destination;
    }
}
