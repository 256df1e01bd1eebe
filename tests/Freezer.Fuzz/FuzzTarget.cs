
namespace Freezer.Fuzz;

/// <summary>A parser that is fed with whatever there is.</summary>
/// <param name="Name">The name of its folder in the corpus.</param>
/// <param name="Parse">Reads an input to its end.</param>
/// <param name="Refusals">The exceptions that it may refuse an input with. Any other is a finding.</param>
/// <param name="Repair">Puts checksums right that would refuse a changed input before it is looked at; or <see langword="null"/>.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Parse, Type[] Refusals, Action<byte[]>? Repair = null)
{
    /// <summary>What an input may make a parser allocate: as much as the largest frame takes, as it is stored and as it is read, with the buffers of a decoder, and a multiple of its own length.</summary>
    private const long AllocationAtLeast = 160L << 20;
    private const int AllocationForEachByte = 256;

    /// <summary>Parses an input, and looks at what that costs.</summary>
    /// <returns>Whether it was accepted; otherwise it was refused as it should be.</returns>
    /// <exception cref="FuzzFindingException">The parser failed in another way, or allocated beyond measure.</exception>
    internal bool Run(byte[] input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isAccepted = TryParse(input);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated <= AllocationAtLeast + (input.LongLength * AllocationForEachByte) ? isAccepted
            : throw new FuzzFindingException($"{Name} allocated {allocated} bytes for an input of {input.Length}.");
    }

    private bool TryParse(byte[] input)
    {
        try
        {
            Parse(input);
            return true;
        }
        catch (Exception refusal) when (Array.Exists(Refusals, type => type.IsInstanceOfType(refusal)))
        {
            return false;
        }
        catch (Exception failure)
        {
            throw new FuzzFindingException($"{Name} failed with {failure.GetType().Name}: {failure.Message}", failure);
        }
    }
}

/// <summary>A parser did with an input what no parser may do.</summary>
internal sealed class FuzzFindingException(string message, Exception? cause = null) : Exception(message, cause);
