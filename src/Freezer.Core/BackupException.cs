using Freezer.Storage;

namespace Freezer;

/// <summary>A backup or a restore failed. The root cause, where there is one, is the inner exception.</summary>
public class BackupException : IOException
{
    /// <summary>Makes an error.</summary>
    /// <param name="message">What failed, on which backup, and what to do.</param>
    /// <param name="innerException">The root cause.</param>
    public BackupException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>There is no such backup: an unknown name, or a date before the first one.</summary>
public sealed class BackupNotFoundException(string message, Exception? innerException = null) : BackupException(message, innerException);

/// <summary>What is stored of a backup is damaged or incomplete: a missing level, an object that is gone or is not what was written.</summary>
public sealed class BackupDamagedException(string message, Exception? innerException = null) : BackupException(message, innerException)
{
    /// <summary>The object that is missing or damaged, where it is one.</summary>
    internal StorageKey? Object { get; init; }
}

/// <summary>A backup needs something that this version, or this machine, does not have.</summary>
public sealed class BackupUnsupportedException(string message, Exception? innerException = null) : BackupException(message, innerException);

/// <summary>A key is missing, is none of the repository's, or was given for what is not encrypted.</summary>
public sealed class BackupKeyException(string message, Exception? innerException = null) : BackupException(message, innerException);
