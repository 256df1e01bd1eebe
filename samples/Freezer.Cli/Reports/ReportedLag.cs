using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>A storage of a mirror that lacks something, as the document has it.</summary>
internal sealed record ReportedLag(string Storage, string Reason)
{
    /// <summary>The storages that lag; <see langword="null"/> where there are none.</summary>
    internal static IReadOnlyList<ReportedLag>? Of(IReadOnlyList<LaggingStorage> lagging) =>
        lagging.Count == 0 ? null : [.. lagging.Select(static storage => new ReportedLag(storage.Name, storage.Reason))];

    internal static void Write(IReadOnlyList<ReportedLag>? lagging, PeopleText text)
    {
        foreach (ReportedLag lag in lagging ?? [])
        {
            text.Line($"  {lag.Storage} is out of the mirror until it is synchronised (freezer sync): {lag.Reason}");
        }
    }
}
