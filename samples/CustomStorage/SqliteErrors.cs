using Freezer.Storage;
using Microsoft.Data.Sqlite;

namespace CustomStorage;

/// <summary>What SQLite reports, as a storage reports it.</summary>
internal static class SqliteErrors
{
    #region Errors
    private const int Permission = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    internal static StorageException Of(string? key, SqliteException cause)
    {
        (StorageErrorKind kind, bool isTransient) = cause.SqliteErrorCode switch
        {
            Busy or Locked => (StorageErrorKind.Unavailable, true),
            CannotOpen => (StorageErrorKind.Unavailable, false),
            Full => (StorageErrorKind.NoSpace, false),
            Permission or ReadOnly => (StorageErrorKind.AccessDenied, false),
            Corrupt or NotADatabase => (StorageErrorKind.Corrupt, false),
            _ => (StorageErrorKind.Unknown, false),
        };
        return new StorageException(kind, key, cause.Message, isTransient, cause);
    }
    #endregion
}
