using Freezer.Platform;

namespace Freezer.Engines.BlockDiff;

/// <summary>What can be a volume by its path.</summary>
internal static class VolumeFile
{
    /// <summary>Refuses what is there and is no volume, before it is opened: a FIFO would hold the call for ever, and a character device has no length,
    /// so that its backup would be empty. What is not there, or cannot be looked at, is left to who opens it.</summary>
    /// <exception cref="BackupException">It is no image file and no block device.</exception>
    internal static void EnsureMayBeVolume(string path)
    {
        FileKind kind = Directory.Exists(path) ? FileKind.Directory : LinuxVolume.IsAvailable ? LinuxVolume.FindKind(path) : FileKind.Unknown;
        string? what = kind switch
        {
            FileKind.Directory => "a directory (for trees there is the engine tar)",
            FileKind.Fifo => "a pipe",
            FileKind.CharacterDevice => "a character device",
            FileKind.Socket => "a socket",
            _ => null,
        };
        if (what is not null)
        {
            throw new BackupException($"{path} is {what}, and a volume is an image file or a block device.");
        }
    }
}
