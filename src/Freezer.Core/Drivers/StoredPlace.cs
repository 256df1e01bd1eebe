using System.Diagnostics.CodeAnalysis;
using Freezer.Catalog;

namespace Freezer.Drivers;

/// <summary>Where a backup is and which one it is, as text in a record: the folder of its level, and its identity.</summary>
internal static class StoredPlace
{
    internal static string Format(Backup backup) => $"{BackupLocation.Of(backup).Folder}/{backup.Id:N}";

    /// <summary>Reads the text; the backup has a place and an identity, and nothing else yet.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out Backup? backup)
    {
        backup = null;
        int end = text.LastIndexOf('/');
        if (end < 0 || !Guid.TryParseExact(text.AsSpan(end + 1), "N", out Guid id) || !BackupLocation.TryParse(text[..end], out BackupLocation? location))
        {
            return false;
        }

        backup = location.ToBackup() with { Id = id };
        return true;
    }
}
