namespace Freezer.Storage;

/// <summary>Knows which storages of a mirror hold everything, in this process and for the next one.</summary>
/// <remarks>
/// <para>Each storage holds an id, and a mark for each storage that is known to be complete. Marks are set by a quorum and removed by a
/// quorum, so what most storages say is what was acknowledged last: a storage is complete if as many marks for it are seen as a removal could not
/// have left. What cannot be decided counts as out.</para>
/// <para>A write that a storage missed is acknowledged only after that storage's marks are removed. So a process that knew nothing
/// of it, and the next one, find it out before they count on it. Marks are only set again by a synchronisation.</para>
/// </remarks>
internal sealed class MirrorRoster(IReadOnlyList<MirrorMember> members, int quorum) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile MirrorView? _view;

    /// <summary>What is known so far; <see langword="null"/> before the first call.</summary>
    internal MirrorView? Known => _view;

    public void Dispose() => _turn.Dispose();

    /// <summary>What is known, asking the storages the first time.</summary>
    internal async ValueTask<MirrorView> GetAsync(CancellationToken cancellationToken) =>
        _view ?? await InTurnAsync(async () => _view ??= await AskAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>What is known, where a quorum is complete. Storages that were never told of each other are told now.</summary>
    internal async ValueTask<MirrorView> GetForWritingAsync(CancellationToken cancellationToken)
    {
        MirrorView view = await GetAsync(cancellationToken).ConfigureAwait(false);
        if (!view.IsFounded)
        {
            view = await InTurnAsync(async () => _view = await FoundAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }

        return view.Complete.Count >= quorum ? view : throw MirrorErrors.TooFewComplete(view);
    }

    /// <summary>Asks the storages again.</summary>
    internal Task<MirrorView> RefreshAsync(CancellationToken cancellationToken) =>
        InTurnAsync(async () => _view = await AskAsync(cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Makes it known that only some storages took a change, before it is acknowledged.</summary>
    /// <param name="took">Those that took it.</param>
    /// <param name="failures">What the others said.</param>
    /// <returns>What is known now: of those that took it, who still counts as complete.</returns>
    internal async Task<MirrorView> ConfirmAsync(IReadOnlyList<MirrorSeat> took, IReadOnlyDictionary<int, string> failures)
    {
        // Not to be cancelled: the change has happened.
        HashSet<Guid> ids = [.. took.Select(static seat => seat.Id!.Value)];
        (MirrorSeat Seat, HashSet<Guid>? Marks, string? Problem)[] told =
            await Task.WhenAll(took.Select(seat => TellAsync(seat, ids))).ConfigureAwait(false);
        return await InTurnAsync(
            () =>
            {
                MirrorView known = _view!;
                bool isTold = told.Count(static one => one.Marks is not null) >= quorum;
                MirrorSeat[] seats = [.. known.Seats.Select(seat =>
                {
                    (MirrorSeat? asked, HashSet<Guid>? marks, string? problem) = Array.Find(told, one => one.Seat.Index == seat.Index);
                    string? trouble = seat.Problem
                        ?? failures.GetValueOrDefault(seat.Index)
                        ?? problem
                        ?? (asked is null ? "it missed a write"
                            : !isTold || told.Count(one => one.Marks?.Contains(seat.Id!.Value) == true) < known.Witnesses ? "others say that it missed a write"
                            : null);
                    return seat with { Problem = trouble };
                })];
                return Task.FromResult(_view = new MirrorView(seats, known.Quorum, known.IsFounded));
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Removes all marks but those of some storages, and tells which are left.</summary>
    private static async Task<(MirrorSeat Seat, HashSet<Guid>? Marks, string? Problem)> TellAsync(MirrorSeat seat, HashSet<Guid> complete)
    {
        try
        {
            HashSet<Guid> marks = await MirrorLayout.ListCompleteAsync(seat.Storage, CancellationToken.None).ConfigureAwait(false);
            foreach (Guid id in marks.Where(id => !complete.Contains(id)))
            {
                await MirrorLayout.UnmarkCompleteAsync(seat.Storage, id, CancellationToken.None).ConfigureAwait(false);
            }

            marks.IntersectWith(complete);
            return (seat, marks, null);
        }
        catch (Exception exception)
        {
            return (seat, null, exception.Message);
        }
    }

    private async Task<MirrorView> AskAsync(CancellationToken cancellationToken)
    {
        Answer[] answers = await Task.WhenAll(members.Select(member => AskAsync(member, cancellationToken))).ConfigureAwait(false);
        int reached = answers.Count(static answer => answer.Failure is null);
        if (reached < members.Count - quorum + 1)
        {
            throw MirrorErrors.TooFewAnswers(null, members.Count - quorum + 1, members.Count, FailuresOf(answers));
        }

        RefuseTwins(answers);
        bool isFounded = answers.Any(static answer => answer is { Id: not null, Marks.Count: > 0 });
        return new MirrorView([.. members.Select((member, index) => Judge(member, index, answers, isFounded))], quorum, isFounded);
    }

    private MirrorSeat Judge(MirrorMember member, int index, Answer[] answers, bool isFounded)
    {
        Answer own = answers[index];
        string? problem = own.Failure is not null ? own.Failure.Message
            : !isFounded ? null
            : own.Id is not { } id ? "it is new to the mirror"
            : own.IsUnfinished ? "its synchronisation has not ended"
            : answers.Count(answer => answer.Id is not null && answer.Marks.Contains(id)) > members.Count - quorum ? null
            : "it missed a write";
        return new MirrorSeat(index, member.Name, member.Storage, own.Id, problem) { IsReachable = own.Failure is null };
    }

    private static async Task<Answer> AskAsync(MirrorMember member, CancellationToken cancellationToken)
    {
        try
        {
            Guid? id = await MirrorLayout.FindIdentityAsync(member.Storage, cancellationToken).ConfigureAwait(false);
            HashSet<Guid> marks = await MirrorLayout.ListCompleteAsync(member.Storage, cancellationToken).ConfigureAwait(false);
            return new Answer(id, marks, await MirrorLayout.IsUnfinishedAsync(member.Storage, cancellationToken).ConfigureAwait(false), null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new Answer(null, [], IsUnfinished: false, exception);
        }
    }

    /// <summary>Tells storages of each other that never were in a mirror. Where one of them holds more than others, the others are out.</summary>
    private async Task<MirrorView> FoundAsync(CancellationToken cancellationToken)
    {
        MirrorView view = await AskAsync(cancellationToken).ConfigureAwait(false);
        MirrorSeat[] reached = [.. view.Seats.Where(static seat => seat.IsReachable)];
        if (view.IsFounded || reached.Length < quorum)
        {
            return view;
        }

        bool[] lacks = new bool[reached.Length];
        await foreach (MergedEntry merged in MirrorListing.MergeAsync([.. reached.Select(static seat => seat.Storage)], StoragePrefix.Root, null, cancellationToken).ConfigureAwait(false))
        {
            long length = merged.Copies.First(static copy => copy is not null)!.Length;
            for (int i = 0; i < lacks.Length; i++)
            {
                lacks[i] |= merged.Copies[i]?.Length != length;
            }
        }

        Guid[] ids = await Task.WhenAll(reached.Select(seat => MirrorLayout.GiveIdentityAsync(seat.Storage, cancellationToken))).ConfigureAwait(false);
        foreach (Guid id in ids.Where((_, i) => !lacks[i]))
        {
            await Task.WhenAll(reached.Select(seat => MirrorLayout.MarkCompleteAsync(seat.Storage, id, cancellationToken))).ConfigureAwait(false);
        }

        MirrorView founded = await AskAsync(cancellationToken).ConfigureAwait(false);
        return founded.IsFounded ? founded
            : new MirrorView(
                [.. founded.Seats.Select(static seat => seat with { Problem = seat.Problem ?? "each storage holds something that another one lacks" })], quorum, isFounded: false);
    }

    private static void RefuseTwins(Answer[] answers)
    {
        if (answers.Where(static answer => answer.Id is not null).GroupBy(static answer => answer.Id).Any(static twins => twins.Count() > 1))
        {
            throw new StorageException(
                StorageErrorKind.Unsupported,
                null,
                "two storages of the mirror are one and the same, or one is a plain copy of the other; give the mirror different storages, and delete the object mirror/storage from a copy");
        }
    }

    private List<(string Name, Exception Cause)> FailuresOf(Answer[] answers) =>
        [.. answers.Select((answer, index) => (members[index].Name, answer.Failure)).Where(static one => one.Failure is not null).Select(static one => (one.Name, one.Failure!))];

    private async Task<MirrorView> InTurnAsync(Func<Task<MirrorView>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What a storage says: who it is, whom it takes for complete, and whether it is being synchronised.</summary>
    private sealed record Answer(Guid? Id, HashSet<Guid> Marks, bool IsUnfinished, Exception? Failure);
}
