using Freezer.Storage;

namespace Freezer.Testing;

/// <summary>One thing that <see cref="IStorage"/> promises, and the code that looks whether a storage keeps it.</summary>
/// <remarks>A check works below a random prefix of its own and deletes what it wrote there, so that checks may run side by side
/// on one live bucket.</remarks>
public sealed class StorageCheck
{
    private const string Root = "freezer-checks";

    private readonly CheckTitle _title;
    private readonly Func<StorageScratch, Task> _body;

    internal StorageCheck(string name, string rule, Func<StorageScratch, Task> body)
    {
        _title = new CheckTitle(name, rule);
        _body = body;
    }

    /// <summary>A sentence that says what holds. No two checks share one, and it stays the same from version to version.</summary>
    public string Name => _title.Name;

    /// <summary>The rule of the contract, for who has to keep it.</summary>
    public string Description => _title.Rule;

    /// <summary>Runs the check on a storage that is opened for it and disposed after it.</summary>
    /// <param name="open">Opens a storage: an empty one, or one more client of a shared bucket.</param>
    /// <param name="options">How to run it, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>Whether it was run; a storage whose capabilities promise less is not held to more.</returns>
    /// <exception cref="ContractViolationException">The storage does not keep the rule, or the check took longer than its deadline.</exception>
    public Task<CheckOutcome> RunAsync(
        Func<CancellationToken, Task<IStorage>> open, CheckOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        options ??= CheckOptions.Default;
        var run = new CheckRun(_title);
        return run.RunAsync(token => RunOnAsync(run, open, options, token), options, cancellationToken);
    }

    /// <summary>The name, as test frameworks show it.</summary>
    public override string ToString() => Name;

    private async Task RunOnAsync(CheckRun run, Func<CancellationToken, Task<IStorage>> open, CheckOptions options, CancellationToken cancellationToken)
    {
        run.Doing = "the storage was being opened";
        IStorage storage = await open(cancellationToken).ConfigureAwait(false);
        await using (storage)
        {
            var scratch = new StorageScratch(storage, $"{Root}/{Guid.NewGuid():N}", options, run, cancellationToken);
            try
            {
                await _body(scratch).ConfigureAwait(false);
            }
            catch
            {
                // The first failure is the one to tell of; what could not be cleaned up lies below a prefix that nobody else uses.
                await scratch.TryCleanUpAsync().ConfigureAwait(false);
                throw;
            }

            await scratch.CleanUpAsync().ConfigureAwait(false);
        }
    }
}
