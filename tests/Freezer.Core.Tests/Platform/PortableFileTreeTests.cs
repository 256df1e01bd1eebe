using Freezer.Platform;
using Freezer.Platform.Portable;
using Freezer.Tests.Support;

namespace Freezer.Tests.Platform;

public sealed class PortableFileTreeTests : FileTreeContract
{
    private protected override FileTree Tree => PortableFileTree.Instance;

    [SkippableFact]
    public void A_name_that_is_not_text_is_listed_with_an_error()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "only Linux makes such names");
        Folder.AddFile("good", "x");
        Tool.Run("sh", "-c", $"cd '{Folder.Path}' && : > \"$(printf 'bad\\377')\" && : > \"$(printf 'bad\\376')\" && : > \"$(printf 'real\\357\\277\\275')\"");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        DirectoryListing listing = directory.List(default);

        NamesOf(listing).Should().Equal("bad\uFFFD", "good", "real\uFFFD");
        listing.Error(0)!.Error.Should().Be(FileError.NotSupported);
        listing.Error(1).Should().BeNull();
        listing.Error(2).Should().BeNull();
    }

    [SkippableFact]
    public void A_name_that_hides_behind_a_real_one_is_an_error_too()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "only Linux makes such names");
        Tool.Run("sh", "-c", $"cd '{Folder.Path}' && : > \"$(printf 'x\\377')\" && : > \"$(printf 'x\\357\\277\\275')\"");
        using SourceDirectory directory = Tree.OpenSource(Folder.Path);

        DirectoryListing listing = directory.List(default);

        NamesOf(listing).Should().Equal("x\uFFFD");
        listing.Error(0)!.Error.Should().Be(FileError.NotSupported);
    }

    [SkippableFact]
    public void A_device_is_told_from_a_file()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/dev is there on Linux");
        using SourceDirectory directory = Tree.OpenSource("/dev");

        directory.Stat("null"u8).Kind.Should().Be(FileKind.CharacterDevice);
        directory.Invoking(d => d.OpenFile("null"u8)).Should().Throw<FileSystemException>();
    }

    [Theory]
    [InlineData("a:b")]
    [InlineData("a\\b")]
    [InlineData("what?")]
    [InlineData("ends with a dot.")]
    [InlineData("ends with a space ")]
    [InlineData("tab\there")]
    [InlineData("con")]
    [InlineData("Nul.txt")]
    [InlineData("COM1 .log")]
    [InlineData("...")]
    public void A_name_that_Windows_bends_is_refused_there(string name) =>
        PortableName.WhyNotOnWindows(name).Should().NotBeNull();

    [Theory]
    [InlineData("console")]
    [InlineData("com")]
    [InlineData(".hidden")]
    [InlineData("naïve 日本.tar.gz")]
    public void An_ordinary_name_is_a_name_on_Windows(string name) =>
        PortableName.WhyNotOnWindows(name).Should().BeNull();

    [Fact]
    public void An_unpaired_surrogate_is_no_text()
    {
        PortableName.IsText("a\uD800b").Should().BeFalse();
        PortableName.IsText("a😀b").Should().BeTrue();
    }
}
