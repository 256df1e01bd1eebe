namespace Freezer.Drivers;

/// <summary>The names in the driver's information that <see cref="IBackupDriver.ExportRecordAsync"/> returns: those of OpenStack Cinder's API.</summary>
public static class DriverInfo
{
    /// <summary>Which driver exported the record.</summary>
    public const string Service = "backup_service";

    /// <summary>The record, as one text that only that driver understands.</summary>
    public const string Url = "backup_url";
}
