using Freezer.Fuzz;
using Freezer.Tests.Support;

namespace Freezer.Tests.Fuzzing;

/// <summary>The seeds of the fuzzing, and all that was ever found by it, once more; and a few changes of each.</summary>
public sealed class CorpusTests
{
    private const int ChangesOfEach = 500;

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(static target => target.Name)];

    private static Corpus Corpus { get; } = new(Repository.PathOf("tests", "Freezer.Fuzz", "corpus"));

    [Theory, MemberData(nameof(Names))]
    public void Every_input_is_accepted_or_refused(string name)
    {
        FuzzTarget target = Target(name);
        int accepted = 0;
        foreach ((string _, byte[] input) in Corpus.Of(target))
        {
            accepted += target.Run(input) ? 1 : 0;
        }

        accepted.Should().BePositive("a corpus of which nothing is accepted leads nowhere");
    }

    [Theory, MemberData(nameof(Names))]
    public void A_changed_input_is_accepted_or_refused(string name)
    {
        FuzzTarget target = Target(name);
        var mutator = new Mutator(seed: 1, [.. Corpus.Of(target).Select(static entry => entry.Input)]);
        int refused = 0;
        for (int i = 0; i < ChangesOfEach; i++)
        {
            byte[] input = mutator.Next();
            target.Repair?.Invoke(input);
            refused += target.Run(input) ? 0 : 1;
        }

        refused.Should().BePositive();
    }

    private static FuzzTarget Target(string name) => FuzzTargets.All.Single(target => target.Name == name);
}
