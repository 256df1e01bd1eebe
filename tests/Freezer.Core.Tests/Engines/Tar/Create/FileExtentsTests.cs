using Freezer.Engines.Tar.Create;
using Freezer.Formats.Tar;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Engines.Tar.Create;

public sealed class FileExtentsTests
{
    [Fact]
    public void The_smallest_holes_are_filled_and_nothing_is_lost() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            List<SparseExtent> extents = [];
            long offset = random.Next(5);
            for (int i = random.Next(2, 40); i > 0; i--)
            {
                extents.Add(new SparseExtent(offset, random.Next(1, 10)));
                offset = extents[^1].End + random.Next(1, 8);
            }

            List<SparseExtent> before = [.. extents];
            int most = random.Next(1, extents.Count);
            FileExtents.FillSmallestHoles(extents, most);
            extents.Should().HaveCount(most);
            before.Should().OnlyContain(extent => extents.Exists(filled => filled.Offset <= extent.Offset && filled.End >= extent.End));
            extents.Zip(extents.Skip(1)).Where(static pair => pair.First.End >= pair.Second.Offset).Should().BeEmpty();

            // What was filled is as small as can be: the surplus of the smallest holes.
            long[] holes = [.. before.Zip(before.Skip(1), static (a, b) => b.Offset - a.End).Order()];
            long filled = extents.Sum(static e => e.Length) - before.Sum(static e => e.Length);
            filled.Should().Be(holes.Take(before.Count - most).Sum());
        }).QuickCheckThrowOnFailure();
}
