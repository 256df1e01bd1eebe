using Freezer.Platform;

namespace Freezer.Tests.Platform;

public sealed class NativeDependencyTests
{
    [Fact]
    public void A_missing_library_is_named_with_its_remedy()
    {
        var dependency = new NativeDependency("libnone", ["libnone-of-this-name.so.1", "libnone-neither.so"], "install the package none");

        dependency.WhyMissing.Should().Be("the library libnone-of-this-name.so.1; install the package none");
    }

    [SkippableFact]
    public void A_library_is_found_under_any_of_its_names()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "names of files on Linux");

        new NativeDependency("libc", ["libnone-of-this-name.so.1", "libc.so.6"], "").WhyMissing.Should().BeNull();
    }
}
