namespace Freezer.Testing;

/// <summary>One run of a check: what it is doing just now, and what it found.</summary>
internal sealed class CheckRun(CheckTitle title)
{
    /// <summary>The call that is being made, for the message of a check that hangs.</summary>
    internal string Doing { get; set; } = "it was being prepared";

    /// <summary>Runs a check under its deadline, on a thread of the pool: what it checks may block.</summary>
    internal async Task<CheckOutcome> RunAsync(Func<CancellationToken, Task> body, CheckOptions options, CancellationToken cancellationToken)
    {
        options.Validate();
        cancellationToken.ThrowIfCancellationRequested();
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task running = Task.Run(() => body(stop.Token), CancellationToken.None);
        // What hangs goes on using the token after this check has failed, so it is disposed when the body ends, whenever that is.
        _ = running.ContinueWith(
            static (ended, source) =>
            {
                // Looked at, so that a failure that comes after the deadline is not reported as one that nobody saw.
                _ = ended.Exception;
                ((CancellationTokenSource)source!).Dispose();
            },
            stop, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await running.WaitAsync(options.Deadline, cancellationToken).ConfigureAwait(false);
            return new CheckOutcome(title.Name, null);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            string doing = Doing;
            await stop.CancelAsync().ConfigureAwait(false);
            throw Violation($"an end within {options.Deadline.TotalSeconds:0.###} seconds", $"it hangs while {doing}, or needs more time than {nameof(CheckOptions)}.{nameof(CheckOptions.Deadline)} gives it");
        }
        catch (NotApplicableException nothing)
        {
            return new CheckOutcome(title.Name, nothing.Message);
        }
        catch (Exception failure) when (failure is not ContractViolationException && !cancellationToken.IsCancellationRequested)
        {
            throw Violation("calls that succeed", $"{Describe(failure)} while {Doing}", failure);
        }
    }

    internal ContractViolationException Violation(string expected, string seen, Exception? cause = null) => new(title, expected, seen, cause);

    internal void Expect(bool holds, string expected, string seen)
    {
        if (!holds)
        {
            throw Violation(expected, seen);
        }
    }

    /// <summary>Makes a call that has to fail, and returns its failure.</summary>
    internal async Task<TException> ThrowsAsync<TException>(Func<Task> call, string expected)
        where TException : Exception
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (Exception violation) when (violation is ContractViolationException or NotApplicableException)
        {
            // What the check itself found within the call is no answer of what it checks.
            throw;
        }
        catch (TException failure)
        {
            return failure;
        }
        catch (Exception other)
        {
            throw Violation(expected, Describe(other), other);
        }

        throw Violation(expected, "the call succeeded");
    }

    internal static string Describe(Exception failure) => $"{failure.GetType().Name}: {failure.Message}";
}
