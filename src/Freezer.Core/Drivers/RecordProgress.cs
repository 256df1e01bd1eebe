namespace Freezer.Drivers;

/// <summary>Turns the bytes that an engine reports into a record whose percentage rises.</summary>
internal sealed class RecordProgress(BackupRecord record, IProgress<BackupRecord> progress) : IProgress<BackupProgress>
{
    private readonly Lock _lock = new();
    private int _percent = record.Percent;

    public void Report(BackupProgress value)
    {
        if (value.TotalBytes is not > 0)
        {
            return;
        }

        // 100 is for the record that is returned: until then something is left to do.
        int percent = (int)Math.Min(99, value.Bytes * 100m / value.TotalBytes.Value);
        lock (_lock)
        {
            if (percent > _percent)
            {
                _percent = percent;
                progress.Report(record with { Percent = percent });
            }
        }
    }
}
