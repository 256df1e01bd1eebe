namespace Freezer.Testing;

/// <summary>One thing that a <see cref="BackupEngine"/> promises, and the code that looks whether an engine keeps it.</summary>
/// <remarks>A check keeps its backups in memory; several checks may run side by side.</remarks>
public sealed class EngineCheck
{
    private readonly CheckTitle _title;
    private readonly Func<EngineScratch, Task> _body;

    internal EngineCheck(string name, string rule, Func<EngineScratch, Task> body)
    {
        _title = new CheckTitle(name, rule);
        _body = body;
    }

    /// <summary>A sentence that says what holds. No two checks share one, and it stays the same from version to version.</summary>
    public string Name => _title.Name;

    /// <summary>The rule of the contract, for who has to keep it.</summary>
    public string Description => _title.Rule;

    /// <summary>Runs the check on a subject that is opened for it and disposed after it.</summary>
    /// <param name="open">Opens a subject.</param>
    /// <param name="options">How to run it, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>Whether it was run; an engine whose traits promise less is not held to more.</returns>
    /// <exception cref="ContractViolationException">The engine does not keep the rule, or the check took longer than its deadline.</exception>
    public Task<CheckOutcome> RunAsync(
        Func<CancellationToken, Task<EngineSubject>> open, CheckOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        options ??= CheckOptions.Default;
        var run = new CheckRun(_title);
        return run.RunAsync(token => RunOnAsync(run, open, options, token), options, cancellationToken);
    }

    /// <summary>The name, as test frameworks show it.</summary>
    public override string ToString() => Name;

    private async Task RunOnAsync(CheckRun run, Func<CancellationToken, Task<EngineSubject>> open, CheckOptions options, CancellationToken cancellationToken)
    {
        run.Doing = "the subject was being opened";
        EngineSubject subject = await open(cancellationToken).ConfigureAwait(false);
        await using (subject)
        {
            await _body(new EngineScratch(subject, options, run, cancellationToken)).ConfigureAwait(false);
        }
    }
}
