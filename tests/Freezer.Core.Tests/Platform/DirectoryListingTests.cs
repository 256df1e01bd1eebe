using Freezer.Platform;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Platform;

public sealed class DirectoryListingTests
{
    [Fact]
    public void Names_are_sorted_whatever_they_are() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[][]>(), names =>
        {
            // Few different bytes make long common beginnings; no name holds a zero.
            byte[][] distinct = [.. names.Select(name => name.Select(b => (byte)(1 + (b % 3 * 120))).ToArray())
                .Where(name => name.Length > 0).DistinctBy(Convert.ToHexString)];
            byte[][] expected = [.. distinct.OrderBy(name => name, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];

            DirectoryListing listing = Make([.. distinct.Select((name, i) => (name, i, (FileSystemException?)null))]);

            return listing.Count == expected.Length
                && Enumerable.Range(0, listing.Count).All(i => listing.Name(i).SequenceEqual(expected[i])
                    && distinct[(int)listing.Status(i).Size].SequenceEqual(expected[i]));
        }));

    [Fact]
    public void A_name_that_came_twice_is_listed_once_and_its_error_is_kept()
    {
        var error = new FileSystemException(FileError.Other, "lost");

        DirectoryListing listing = Make([("b"u8.ToArray(), 0, null), ("a"u8.ToArray(), 1, null), ("b"u8.ToArray(), 2, error), ("b"u8.ToArray(), 3, null)]);

        listing.Count.Should().Be(2);
        listing.Error(0).Should().BeNull();
        listing.Error(1).Should().BeSameAs(error);
        listing.Invoking(l => l.Error(2)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static DirectoryListing Make((byte[] Name, int Size, FileSystemException? Error)[] given)
    {
        var names = new List<byte>();
        var entries = new DirectoryListing.Entry[given.Length];
        for (int i = 0; i < given.Length; i++)
        {
            entries[i] = new DirectoryListing.Entry { NameOffset = names.Count, NameLength = given[i].Name.Length, Status = new FileStatus { Size = given[i].Size }, Error = given[i].Error };
            names.AddRange(given[i].Name);
        }

        return new DirectoryListing([.. names], entries, given.Length);
    }
}
