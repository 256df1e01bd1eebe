using Freezer.Platform;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>Who runs the tests.</summary>
internal static class Ids
{
    private static readonly FileStatus s_status = OfNewFile();

    internal static uint User => s_status.UserId;

    internal static uint Group => s_status.GroupId;

    private static FileStatus OfNewFile()
    {
        string path = Directory.CreateTempSubdirectory("freezer-ids-").FullName;
        FileStatus status = FileTree.ForThisMachine.Stat(path);
        Directory.Delete(path);
        return status;
    }
}
