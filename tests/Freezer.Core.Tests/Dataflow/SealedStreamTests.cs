using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Formats.StreamingAead;
using Freezer.Storage;
using Freezer.Tests.Dataflow.Compression;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Dataflow;

/// <summary>What is stored and read encrypted. Whoever tampers here knows the digests of what is stored, and makes them fit.</summary>
public sealed class SealedStreamTests : IDisposable
{
    private const int LeafSize = StoredExample.LeafSize;

    private static readonly AeadParameters _parameters = AeadParameters.Default;
    private static readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] _noise = MakeNoise((4 * LeafSize) + 12_345);

    private readonly AeadStream _seal = AeadStream.Create(_parameters, _key, [1]);

    public void Dispose() => _seal.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(LeafSize - 57)]
    [InlineData(LeafSize - 56)]
    [InlineData(LeafSize - 55)]
    [InlineData((2 * LeafSize) - 72)]
    [InlineData((2 * LeafSize) - 71)]
    [InlineData((3 * LeafSize) + 5)]
    public async Task A_stream_is_one_file_of_the_format_and_comes_back(int length)
    {
        byte[] content = _noise[..length];
        StoredExample example = await StoredExample.WriteAsync(new NoneCodec(), content, 300_000, seal: _seal);

        example.Stored.Length.Should().Be((int)_parameters.StoredLengthOf(length));
        example.Leaves.Should().Equal(Leaves(example.Stored));
        Decrypt(example.Stored).AsSpan().SequenceEqual(content).Should().BeTrue();
        (await example.ReadAsync(seal: Sealed(example))).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [SkippableTheory]
    [MemberData(nameof(Codecs.Names), MemberType = typeof(Codecs))]
    public async Task What_was_compressed_is_encrypted_as_it_is(string codec)
    {
        byte[] content = new byte[3 * LeafSize];
        _noise.AsSpan(0, 2 * LeafSize).CopyTo(content);
        StoredExample example = await StoredExample.WriteAsync(Codecs.Get(codec), content, seal: _seal);

        Codecs.Get(codec).Decompress(Decrypt(example.Stored)).AsSpan().SequenceEqual(content).Should().BeTrue();
        (await example.ReadAsync(seal: Sealed(example))).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task Any_frames_can_be_read_alone()
    {
        const int FrameSize = 123_457;
        StoredExample whole = await StoredExample.WriteAsync(new NoneCodec(), _noise, FrameSize, seal: _seal);
        Gen<(int, int)> ranges =
            from first in Gen.Choose(0, whole.Frames.Count - 1)
            from count in Gen.Choose(1, whole.Frames.Count - first)
            select (first, count);

        Prop.ForAll(ranges.ToArbitrary(), range =>
        {
            (int first, int count) = range;
            int end = Math.Min((first + count) * FrameSize, _noise.Length);
            (StoredExample slice, StoredRange place) = Slice(whole, first * FrameSize, end);
            slice = slice with { Frames = [.. whole.Frames.Skip(first).Take(count)] };
            byte[] content = slice.ReadAsync(range: place, seal: Sealed(whole)).GetAwaiter().GetResult();
            return content.AsSpan().SequenceEqual(_noise.AsSpan(first * FrameSize, end - (first * FrameSize)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(12));
    }

    [Fact]
    public async Task Segments_that_are_dropped_swapped_repeated_or_foreign_are_refused_although_their_digests_fit()
    {
        StoredExample sound = await StoredExample.WriteAsync(new NoneCodec(), _noise, 100_000, seal: _seal);
        using AeadStream otherSeal = AeadStream.Create(_parameters, _key, [1]);
        StoredExample other = await StoredExample.WriteAsync(new NoneCodec(), _noise, 100_000, seal: otherSeal);
        byte[] stored = sound.Stored;

        for (int leaves = 1; leaves < 5; leaves++)
        {
            await RefusesAsync(sound, stored[..(leaves * LeafSize)], $"it is cut off after {leaves} segments");
        }

        await RefusesAsync(sound, [.. stored[..LeafSize], .. stored[(2 * LeafSize)..(3 * LeafSize)], .. stored[LeafSize..(2 * LeafSize)], .. stored[(3 * LeafSize)..]], "two are swapped");
        await RefusesAsync(sound, [.. stored[..(2 * LeafSize)], .. stored[LeafSize..(2 * LeafSize)], .. stored[(3 * LeafSize)..]], "one is repeated");
        await RefusesAsync(sound, [.. stored[..LeafSize], .. stored[(2 * LeafSize)..]], "one is dropped");
        await RefusesAsync(sound, [.. stored[..LeafSize], .. other.Stored[LeafSize..(2 * LeafSize)], .. stored[(2 * LeafSize)..]], "one is of another object");
        await RefusesAsync(sound, stored[..30], "not even the header is there");
    }

    [Fact]
    public async Task A_range_refuses_a_segment_that_is_not_its_own_although_its_digest_fits()
    {
        StoredExample whole = await StoredExample.WriteAsync(new NoneCodec(), _noise, 100_000, seal: _seal);
        (StoredExample slice, StoredRange place) = Slice(whole, 1_100_000, 1_200_000);
        slice = slice with { Frames = [whole.Frames[11]] };
        (await slice.ReadAsync(range: place, seal: Sealed(whole))).Should().Equal(_noise[1_100_000..1_200_000]);

        byte[] foreign = whole.Stored[(2 * LeafSize)..(3 * LeafSize)];
        await FluentActions.Awaiting(() => (slice with { Stored = foreign, Leaves = Leaves(foreign) }).ReadAsync(range: place, seal: Sealed(whole)))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("Segment 1 *");
        byte[] altered = [.. slice.Stored];
        altered[^1] ^= 1;
        await FluentActions.Awaiting(() => (slice with { Stored = altered, Leaves = Leaves(altered) }).ReadAsync(range: place, seal: Sealed(whole)))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("Segment 1 *");
        // Where the object ends is told by its commit: a segment of the middle does not pass for the last one.
        await FluentActions.Awaiting(() => slice.ReadAsync(range: place, seal: new ObjectSeal(_seal, 2 * LeafSize)))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("Segment 1 *");
    }

    [Fact]
    public async Task Other_associated_data_is_refused()
    {
        StoredExample sound = await StoredExample.WriteAsync(new NoneCodec(), _noise, 100_000, seal: _seal);
        using AeadStream other = AeadStream.Open(_parameters, _key, [2], sound.Stored);

        await FluentActions.Awaiting(() => sound.ReadAsync(seal: new ObjectSeal(other, sound.Stored.Length)))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("Segment 0 *");
    }

    [Fact]
    public async Task An_object_is_read_by_any_range()
    {
        await using var storage = new MemoryStorage();
        StorageKey key = StorageKey.Parse("object");
        StoredExample example = await StoredExample.WriteAsync(new NoneCodec(), _noise, seal: _seal);
        await storage.WriteBytesAsync(key, example.Stored, WriteMode.CreateNew, CancellationToken.None);

        Prop.ForAll(Gen.Choose(0, _noise.Length).ToArbitrary(), Gen.Choose(0, 3 * LeafSize).ToArbitrary(), (offset, length) =>
        {
            using var stored = new StoredObject(storage, key, example.Stored.Length, header => AeadStream.Open(_parameters, _key, [1], header));
            int count = Math.Min(length, _noise.Length - offset);
            byte[] range = stored.ReadBytesAsync(offset, count, CancellationToken.None).GetAwaiter().GetResult();
            return stored.Length == _noise.Length && range.AsSpan().SequenceEqual(_noise.AsSpan(offset, count));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));
        using var outside = new StoredObject(storage, key, example.Stored.Length, header => AeadStream.Open(_parameters, _key, [1], header));
        await FluentActions.Awaiting(() => outside.ReadBytesAsync(_noise.Length - 1, 2, CancellationToken.None)).Should().ThrowAsync<InvalidDataException>();
    }

    private static ObjectSeal Sealed(StoredExample example) => new(AeadStream.Open(_parameters, _key, [1], example.Stored), example.Stored.Length);

    private static async Task RefusesAsync(StoredExample sound, byte[] stored, string because)
    {
        AeadStream opened = AeadStream.Open(_parameters, _key, [1], sound.Stored);
        await FluentActions.Awaiting(() => (sound with { Stored = stored, Leaves = Leaves(stored) }).ReadAsync(seal: new ObjectSeal(opened, stored.Length)))
            .Should().ThrowAsync<InvalidDataException>(because);
    }

    /// <summary>The leaves that hold a range of the content, and where in them it begins.</summary>
    private static (StoredExample Slice, StoredRange Place) Slice(StoredExample whole, int begin, int end)
    {
        int first = (int)_parameters.SegmentAt(begin);
        int last = (int)_parameters.SegmentAt(end - 1);
        StoredExample slice = whole with
        {
            Stored = whole.Stored[(first * LeafSize)..Math.Min(whole.Stored.Length, (last + 1) * LeafSize)],
            Leaves = [.. whole.Leaves.Skip(first).Take(last - first + 1)],
        };
        return (slice, new StoredRange((long)first * LeafSize, (int)(begin - _parameters.ContentOffsetOf(first))));
    }

    private static List<Sha256Digest> Leaves(byte[] stored) => [.. stored.Chunk(LeafSize).Select(static leaf => Sha256Digest.Of(leaf))];

    private static byte[] Decrypt(byte[] stored)
    {
        using AeadStream stream = AeadStream.Open(_parameters, _key, [1], stored);
        using SegmentCipher cipher = stream.CreateCipher();
        var content = new MemoryStream();
        long count = _parameters.SegmentCountOf(stored.Length);
        for (long segment = 0; segment < count; segment++)
        {
            int begin = (int)_parameters.StoredOffsetOf(segment);
            int end = (int)Math.Min((segment + 1) * LeafSize, stored.Length);
            byte[] piece = new byte[end - begin - AeadParameters.TagSize];
            cipher.Open(segment, segment == count - 1, stored.AsSpan(begin..end), piece);
            content.Write(piece);
        }

        return content.ToArray();
    }

    private static byte[] MakeNoise(int length)
    {
        byte[] noise = new byte[length];
        new Random(7).NextBytes(noise);
        return noise;
    }
}
