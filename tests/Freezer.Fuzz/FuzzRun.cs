using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Freezer.Fuzz;

/// <summary>Feeds one parser for some time.</summary>
internal sealed class FuzzRun(FuzzTarget target, Corpus corpus, string findings, int seed)
{
    /// <summary>An input of at most 64 KiB that takes this long is a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private byte[] _current = [];
    private long _begun;

    /// <summary>Runs, and tells what was done. False where there is a finding.</summary>
    internal bool Run(TimeSpan duration)
    {
        byte[][] inputs = [.. corpus.Of(target).Select(static entry => entry.Input)];
        var mutator = new Mutator(seed, inputs);
        long started = Stopwatch.GetTimestamp();
        long tried = 0;
        long accepted = 0;
        using var watchdog = new Timer(_ => StopWhereStuck(), null, Patience, Patience);
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            byte[] input = mutator.Next();
            // Half of the inputs keep their wrong checksums.
            if ((tried & 1) == 0)
            {
                target.Repair?.Invoke(input);
            }

            _current = input;
            Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
            try
            {
                accepted += target.Run(input) ? 1 : 0;
            }
            catch (FuzzFindingException finding)
            {
                Keep(finding.ToString());
                return false;
            }

            tried++;
        }

        Volatile.Write(ref _begun, 0);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}: {tried:N0} inputs, {accepted:N0} accepted, no finding (seed {seed})"));
        return true;
    }

    private void StopWhereStuck()
    {
        long begun = Volatile.Read(ref _begun);
        if (begun != 0 && Stopwatch.GetElapsedTime(begun) > Patience)
        {
            Keep($"{target.Name} has been at one input for more than {Patience}.");
            Environment.Exit(1);
        }
    }

    private void Keep(string what)
    {
        byte[] input = _current;
        string name = Path.Combine(Directory.CreateDirectory(Path.Combine(findings, target.Name)).FullName, Convert.ToHexStringLower(SHA256.HashData(input))[..16]);
        File.WriteAllBytes(name, input);
        Console.WriteLine($"FINDING {what}\nThe input is in {name} (seed {seed}).");
    }
}
