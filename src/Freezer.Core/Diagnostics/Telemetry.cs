using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Freezer.Diagnostics;

/// <summary>The meter and the activity source, both named <c>Freezer</c>. Instruments are updated once an operation, never per entry.</summary>
internal static class Telemetry
{
    internal const string Name = "Freezer";

    internal static readonly ActivitySource Activities = new(Name);

    private static readonly Meter _meter = new(Name);
    private static readonly Counter<long> _operations = _meter.CreateCounter<long>("freezer.operations", "{operation}", "Backups, restores, verifications and repairs that ended.");
    private static readonly Counter<long> _bytes = _meter.CreateCounter<long>("freezer.bytes", "By", "Bytes read from resources by backups, written to destinations by restores, or compared and rebuilt by the others.");
    private static readonly Counter<long> _stored = _meter.CreateCounter<long>("freezer.bytes_stored", "By", "Bytes written to storages by backups and repairs, or read from storages by the others.");
    private static readonly Counter<long> _entries = _meter.CreateCounter<long>("freezer.entries", "{entry}", "Entries that were dealt with.");
    private static readonly Counter<long> _skips = _meter.CreateCounter<long>("freezer.skips", "{entry}", "Entries that were skipped.");
    private static readonly Histogram<double> _duration = _meter.CreateHistogram<double>("freezer.duration", "s", "How long operations took.");

    internal static void Record(string operation, string engineName, string outcome, OperationReport report)
    {
        var tags = new TagList { { "operation", operation }, { "engine", engineName }, { "outcome", outcome } };
        _operations.Add(1, tags);
        _bytes.Add(report.Bytes, tags);
        _stored.Add(report.BytesStored, tags);
        _entries.Add(report.Entries, tags);
        _skips.Add(report.Skipped, tags);
        _duration.Record(report.Elapsed.TotalSeconds, tags);
    }
}
