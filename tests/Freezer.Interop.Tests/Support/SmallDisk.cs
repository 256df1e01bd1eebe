using System.Globalization;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A file system in memory, of a few pages, that is soon full.</summary>
internal sealed class SmallDisk : IDisposable
{
    internal const int PageSize = 4096;

    private SmallDisk(string path) => Path = path;

    internal string Path { get; }

    /// <summary>The bytes that are left.</summary>
    internal long Free => new DriveInfo(Path).AvailableFreeSpace;

    /// <summary>Makes one, or skips the test where the user may not.</summary>
    internal static SmallDisk Mount(string path, int size)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root of a Linux mounts file systems");
        Tool.Require("mount");
        Directory.CreateDirectory(path);
        string option = string.Create(CultureInfo.InvariantCulture, $"size={size}");
        Skip.If(Tool.TryRun("mount", ["-t", "tmpfs", "-o", option, "tmpfs", path]).Status != 0, "mount may not mount a tmpfs");
        return new SmallDisk(path);
    }

    /// <summary>Fills it up with one file, but for so many bytes.</summary>
    /// <returns>The file; deleting it makes room again.</returns>
    internal string FillBut(long left)
    {
        string filler = System.IO.Path.Combine(Path, "filler");
        using FileStream file = File.Create(filler);
        byte[] page = new byte[PageSize];
        while (Free > left)
        {
            file.Write(page);
            file.Flush();
        }

        return filler;
    }

    public void Dispose() => Tool.Run("umount", [Path]);
}
