namespace Freezer.Drivers;

/// <summary>What is happening to the backup of a <see cref="BackupRecord"/>: the states of OpenStack Cinder.</summary>
public enum BackupStatus
{
    /// <summary>It is being taken, or will be: what a new record begins with.</summary>
    Creating,

    /// <summary>It is in the storage and can be restored.</summary>
    Available,

    /// <summary>It is being restored.</summary>
    Restoring,

    /// <summary>It is being deleted.</summary>
    Deleting,

    /// <summary>It was deleted.</summary>
    Deleted,

    /// <summary>It could not be taken, or what is stored of it cannot be used; the record says why.</summary>
    Error,

    /// <summary>It could not be deleted, and what is left of it is gone once the deletion is tried again.</summary>
    ErrorDeleting,
}
