using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Platform;

public sealed partial class LinuxFileTreeTests
{
    [SkippableFact]
    public void Attributes_that_setfattr_set_are_read_sorted_and_to_the_byte()
    {
        string path = Folder.AddFile("file");
        SetFattr(path, "user.z", "0x0a0d00ff");
        SetFattr(path, "user.empty", "\"\"");
        SetFattr(path, "user.a=b", "\"with an equals sign in its name\"");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);
        using SourceFile file = directory.OpenFile("file"u8);

        foreach (IReadOnlyList<FileAttribute> attributes in new[] { UserAttributes(file.ReadAttributes()), UserAttributes(directory.ReadAttributes("file"u8)) })
        {
            attributes.Select(a => EntryPath.ToText(a.Name)).Should().Equal("user.a=b", "user.empty", "user.z");
            attributes[1].Value.Should().BeEmpty();
            attributes[2].Value.Should().Equal(0x0A, 0x0D, 0x00, 0xFF);
        }
    }

    [SkippableFact]
    public void Attributes_that_are_set_are_those_that_getfattr_shows()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);
        NeedAttributes(file);
        file.SetAttribute("user.bytes"u8, [0, 1, 0xFE, 0xFF]);
        file.SetAttribute("user.gone"u8, "x"u8);
        file.SetAttribute("user.empty"u8, []);
        file.RemoveAttribute("user.gone"u8);
        file.RemoveAttribute("user.never was there"u8);
        directory.SetAttribute("user.of the directory"u8, "value"u8);

        Tool.Run("getfattr", "--absolute-names", "-d", "-e", "hex", Folder["file"]).Should().Contain("user.bytes=0x0001feff").And.Contain("user.empty").And.NotContain("user.gone");
        Tool.Run("getfattr", "--absolute-names", "--only-values", "-n", "user.of the directory", Folder.Path).Should().Be("value");
        file.ListAttributes().Select(name => EntryPath.ToText(name)).Should().Contain("user.bytes").And.Contain("user.empty");
    }

    [SkippableFact]
    public void Large_and_many_attributes_are_read_whole()
    {
        Skip.IfNot(Directory.Exists("/dev/shm"), "needs a file system that keeps large attributes");
        string path = Path.Join("/dev/shm", $"freezer-{Guid.NewGuid():N}");
        File.WriteAllText(path, "");
        try
        {
            using TargetDirectory target = Tree.OpenTarget("/dev/shm");
            using SourceDirectory source = Tree.OpenSource("/dev/shm");
            byte[] name = Bytes(Path.GetFileName(path));
            using TargetNode node = target.OpenNode(name);
            NeedAttributes(node);
            byte[] large = new byte[60_000];
            new Random(1).NextBytes(large);
            node.SetAttribute("user.large"u8, large);
            for (int i = 0; i < 100; i++)
            {
                node.SetAttribute(Bytes($"user.one of many with a long name {i:D3}"), Bytes($"{i}"));
            }

            IReadOnlyList<FileAttribute> read = UserAttributes(source.ReadAttributes(name));

            read.Should().HaveCount(101);
            read[0].Value.Should().Equal(large);
            read[100].Value.Should().Equal(Bytes("99"));
            node.ListAttributes().Count.Should().BeGreaterThanOrEqualTo(101);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [SkippableFact]
    public void A_links_attributes_are_its_own()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root sets attributes of links");
        string outside = Folder.AddFile("outside");
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        target.CreateSymbolicLink("link"u8, "outside"u8);
        target.CreateFifo("fifo"u8);
        using TargetNode link = target.OpenNode("link"u8);
        using TargetNode fifo = target.OpenNode("fifo"u8);
        try
        {
            link.SetAttribute("trusted.link"u8, "of the link"u8);
        }
        catch (FileSystemException exception) when (exception.Error is FileError.NotSupported or FileError.AccessDenied)
        {
            Skip.If(true, "the file system keeps no trusted attributes");
        }

        fifo.SetAttribute("trusted.fifo"u8, "of the fifo"u8);
        fifo.SetAttribute("trusted.second"u8, "removed"u8);
        fifo.RemoveAttribute("trusted.second"u8);

        Tool.Run("getfattr", "--absolute-names", "-h", "-m", "-", "--only-values", "-n", "trusted.link", Folder["link"]).Should().Be("of the link");
        Tool.Run("getfattr", "--absolute-names", "-m", "-", "-d", outside).Should().NotContain("trusted");
        Named(source.ReadAttributes("link"u8), "trusted.link").Value.Should().Equal(Bytes("of the link"));
        Named(source.ReadAttributes("fifo"u8), "trusted.fifo").Value.Should().Equal(Bytes("of the fifo"));
        source.ReadAttributes("fifo"u8).Select(a => EntryPath.ToText(a.Name)).Should().NotContain("trusted.second");
        link.ListAttributes().Select(name => EntryPath.ToText(name)).Should().Contain("trusted.link");
    }

    [SkippableFact]
    public void An_access_list_survives_as_an_attribute()
    {
        string path = Folder.AddFile("file");
        Tool.Run("setfacl", "-m", "u:1234:rw,g:4321:r", path);
        Tool.Run("setfacl", "-d", "-m", "u:1234:rwx", Folder.Path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using SourceFile file = source.OpenFile("file"u8);
        FileAttribute access = Named(file.ReadAttributes(), "system.posix_acl_access");
        FileAttribute byDefault = Named(source.ReadAttributes(), "system.posix_acl_default");

        using var copies = new TestFolder();
        using TargetDirectory target = Tree.OpenTarget(copies.Path);
        using TargetFile copy = target.CreateFile("file"u8);
        copy.SetAttribute(access.Name, access.Value);
        copy.SetMode(file.Status.Mode);
        target.SetAttribute(byDefault.Name, byDefault.Value);

        Tool.Run("getfacl", "-n", "-c", copies["file"]).Should().Be(Tool.Run("getfacl", "-n", "-c", path));
        Tool.Run("getfacl", "-d", "-n", "-c", copies.Path).Should().Be(Tool.Run("getfacl", "-d", "-n", "-c", Folder.Path));
    }

    [SkippableFact]
    public void Capabilities_of_a_program_survive_as_an_attribute()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root gives capabilities");
        string path = Folder.AddFile("program", "x");
        Tool.Run("setcap", "cap_net_raw,cap_chown+ep", path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using SourceFile file = source.OpenFile("program"u8);
        FileAttribute capability = Named(file.ReadAttributes(), "security.capability");

        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using (TargetFile copy = target.CreateFile("copy"u8))
        {
            copy.SetOwner(1234, 1234);
            copy.SetAttribute(capability.Name, capability.Value);
            copy.SetMode(0x9ED);
            copy.Status.Mode.Should().Be(0x9ED);
        }

        Tool.Run("getcap", Folder["copy"]).Replace("copy", "program", StringComparison.Ordinal).Should().Be(Tool.Run("getcap", path));
    }

    [SkippableFact]
    public void A_file_system_without_attributes_has_none()
    {
        Skip.IfNot(Directory.Exists("/proc/sys"), "needs /proc");
        using SourceDirectory directory = Tree.OpenSource("/proc/sys/kernel");
        using SourceFile file = directory.OpenFile("ostype"u8);

        file.ReadAttributes().Where(a => a.Name.AsSpan().StartsWith("user."u8)).Should().BeEmpty();
        ReadAll(file).Should().Be("Linux\n");
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("user.a\0b")]
    public void The_name_of_an_attribute_is_no_more_than_a_name(string name)
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);

        directory.Invoking(d => d.SetAttribute(Bytes(name), "x"u8)).Should().Throw<ArgumentException>();
        directory.Invoking(d => d.RemoveAttribute(Bytes(name))).Should().Throw<ArgumentException>();
        ErrorOf(() => directory.SetAttribute(Bytes("user." + new string('x', 300)), "x"u8)).Should().Be(FileError.NameTooLong);
    }

    private static IReadOnlyList<FileAttribute> UserAttributes(IReadOnlyList<FileAttribute> attributes) =>
        [.. attributes.Where(a => a.Name.AsSpan().StartsWith("user."u8))];

    private static FileAttribute Named(IReadOnlyList<FileAttribute> attributes, string name) =>
        attributes.Single(attribute => EntryPath.ToText(attribute.Name) == name);

    private static void SetFattr(string path, string name, string value) => Tool.Run("setfattr", "-n", name, "-v", value, path);

    private static void NeedAttributes(TargetNode node)
    {
        try
        {
            node.SetAttribute("user.probe"u8, "x"u8);
            node.RemoveAttribute("user.probe"u8);
        }
        catch (FileSystemException exception) when (exception.Error == FileError.NotSupported)
        {
            Skip.If(true, "the file system keeps no attributes of users");
        }
    }
}
