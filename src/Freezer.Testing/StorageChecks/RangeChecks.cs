using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class RangeChecks
{
    private const int Length = 3_000_000;

    private static readonly (string What, int Offset, long? Count)[] _inside =
    [
        ("the first byte", 0, 1),
        ("nothing at the beginning", 0, 0),
        ("a part of the beginning", 0, 65_536),
        ("a part in the middle", 1_000, 2_000_000),
        ("one byte in the middle", 1_234_567, 1),
        ("nothing in the middle", 1_234_567, 0),
        ("the last byte", Length - 1, 1),
        ("nothing at the end", Length, 0),
        ("everything, by its length", 0, Length),
        ("everything, without a length", 0, null),
        ("the rest from the middle", 1_234_567, null),
        ("the rest from the last byte", Length - 1, null),
        ("the rest from the end", Length, null),
    ];

    private static readonly (string What, long Offset, long? Count)[] _outside =
    [
        ("one byte longer than the object", 0, 1_001),
        ("one byte from the end", 1_000, 1),
        ("nothing from behind the end", 1_001, 0),
        ("the rest from behind the end", 1_001, null),
        ("a length whose sum overflows", 1, long.MaxValue),
        ("an offset and a length whose sum overflows", long.MaxValue, long.MaxValue),
        ("the rest from the largest offset", long.MaxValue, null),
        ("more than there is from the middle", 500, 501),
    ];

    internal static IEnumerable<StorageCheck> All =>
    [
        .. _inside.Select(static range => new StorageCheck($"A range holds exactly its bytes: {range.What}", Rules.Range, async s =>
        {
            byte[] content = StorageScratch.Bytes(Length);
            await s.PutAsync("a", content).ConfigureAwait(false);
            byte[] seen = await s.GetAsync("a", new ReadOptions { Offset = range.Offset, Length = range.Count }).ConfigureAwait(false);
            s.ExpectSame(seen, content.AsSpan(range.Offset, (int)(range.Count ?? Length - range.Offset)), $"a from {range.Offset}");
        })),
        .. _outside.Select(static range => new StorageCheck($"A range outside the object fails and delivers nothing: {range.What}", Rules.OutOfRange, async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(1_000)).ConfigureAwait(false);
            Pipe pipe = new();
            StorageException failure = await s.FailsAsync(
                () => s.ReadAsync("a", pipe.Writer, new ReadOptions { Offset = range.Offset, Length = range.Count }, s.CancellationToken),
                StorageErrorKind.OutOfRange, $"reading {range.Count?.ToString(null, null) ?? "the rest"} from {range.Offset} of 1000 bytes").ConfigureAwait(false);
            s.Expect(failure.Key == s.Key("a").Value, $"the error to name {s.Key("a")}", $"{failure.Key}");
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            byte[] delivered = await StorageScratch.ConsumeAsync(pipe.Reader).ConfigureAwait(false);
            s.Expect(delivered.Length == 0, "nothing to be delivered", $"{delivered.Length} bytes");
        })),
        new("The rest of an empty object is nothing", Rules.Range, static async s =>
        {
            await s.PutAsync("a", []).ConfigureAwait(false);
            s.ExpectSame(await s.GetAsync("a", new ReadOptions { Offset = 0 }).ConfigureAwait(false), [], "a");
            s.ExpectSame(await s.GetAsync("a", ReadOptions.Range(0, 0)).ConfigureAwait(false), [], "a");
        }),
        new("A range outside an empty object fails", Rules.OutOfRange, static async s =>
        {
            await s.PutAsync("a", []).ConfigureAwait(false);
            await s.FailsAsync(() => s.GetAsync("a", ReadOptions.Range(0, 1)), StorageErrorKind.OutOfRange, "reading a byte of an empty object").ConfigureAwait(false);
        }),
        new("A range of what is missing is not found", Rules.Missing, static async s =>
            await s.FailsAsync(() => s.GetAsync("x", ReadOptions.Range(0, 1)), StorageErrorKind.NotFound, "reading a range of an object that is missing").ConfigureAwait(false)),
        new("Ranges one after another are the whole", Rules.Range, static async s =>
        {
            byte[] content = StorageScratch.Bytes(1_000_003);
            await s.PutAsync("a", content).ConfigureAwait(false);
            List<byte> seen = [];
            for (int offset = 0; offset < content.Length; offset += 300_000)
            {
                seen.AddRange(await s.GetAsync("a", ReadOptions.Range(offset, Math.Min(300_000, content.Length - offset))).ConfigureAwait(false));
            }

            s.ExpectSame(seen.ToArray(), content, "a");
        }),
        new("A range across the parts of a large object holds its bytes", Rules.Range, static async s =>
        {
            byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
            await s.PutAsync("a", content).ConfigureAwait(false);
            int start = (content.Length / 2) - 1_000;
            s.ExpectSame(await s.GetAsync("a", ReadOptions.Range(start, 2_000)).ConfigureAwait(false), content.AsSpan(start, 2_000), "a");
            s.ExpectSame(await s.GetAsync("a", ReadOptions.Range(content.Length - 10, 10)).ConfigureAwait(false), content.AsSpan(content.Length - 10), "a");
        }),
    ];
}
