using System.Text;
using Freezer.Platform;

namespace Freezer.Tests.Platform;

/// <summary>What every file tree promises. A test that needs more than all can do names the capability.</summary>
public abstract partial class FileTreeContract : IDisposable
{
    private readonly TestFolder _folder = new();

    private protected abstract FileTree Tree { get; }

    private protected TestFolder Folder => _folder;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected void Need(FileTreeCapabilities capability) =>
        Skip.IfNot(Tree.Capabilities.HasFlag(capability), $"{Tree.GetType().Name} has no {capability}");

    private protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private protected static FileError ErrorOf(Action action) => action.Should().Throw<FileSystemException>().Which.Error;

    private protected static string[] NamesOf(DirectoryListing listing) =>
        [.. Enumerable.Range(0, listing.Count).Select(i => EntryPath.ToText(listing.Name(i)))];

    private protected static FileStatus StatusOf(DirectoryListing listing, string name) =>
        listing.Status(Array.IndexOf(NamesOf(listing), name));

    private protected static string ReadAll(SourceFile file)
    {
        byte[] buffer = new byte[7];
        var content = new MemoryStream();
        while (file.ReadAt(buffer, content.Length) is > 0 and int read)
        {
            content.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(content.ToArray());
    }
}
