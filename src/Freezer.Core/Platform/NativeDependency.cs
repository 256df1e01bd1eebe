using System.Reflection;
using System.Runtime.InteropServices;

namespace Freezer.Platform;

/// <summary>A library of the system that is loaded when it is first needed, and may be missing.</summary>
/// <remarks>P/Invoke declarations name the library in its short form (<see cref="Name"/>); this class finds the file,
/// whose name differs between the systems.</remarks>
internal sealed class NativeDependency
{
    internal const string ZstdName = "libzstd";
    internal const string LzmaName = "liblzma";

    private readonly string[] _files;
    private readonly string _remedy;
    private readonly Lazy<nint> _handle;

    static NativeDependency() => NativeLibrary.SetDllImportResolver(typeof(NativeDependency).Assembly, Resolve);

    /// <param name="name">The name that P/Invoke declarations use.</param>
    /// <param name="files">The file's possible names, the usual one first.</param>
    /// <param name="remedy">What to do where it is missing.</param>
    internal NativeDependency(string name, string[] files, string remedy)
    {
        Name = name;
        _files = files;
        _remedy = remedy;
        _handle = new Lazy<nint>(Load);
    }

    internal static NativeDependency Zstd { get; } = Describe(
        ZstdName,
        linux: ["libzstd.so.1"],
        mac: ["libzstd.1.dylib", "/opt/homebrew/lib/libzstd.1.dylib", "/usr/local/lib/libzstd.1.dylib"],
        windows: ["libzstd.dll", "zstd.dll"],
        debianPackage: "libzstd1",
        homebrewPackage: "zstd");

    internal static NativeDependency Lzma { get; } = Describe(
        LzmaName,
        linux: ["liblzma.so.5"],
        mac: ["liblzma.5.dylib", "/opt/homebrew/lib/liblzma.5.dylib", "/usr/local/lib/liblzma.5.dylib"],
        windows: ["liblzma.dll", "liblzma-5.dll"],
        debianPackage: "liblzma5",
        homebrewPackage: "xz");

    internal string Name { get; }

    /// <summary>Says what is missing and how to get it, or <see langword="null"/> where the library is there.</summary>
    internal string? WhyMissing => _handle.Value != 0 ? null : $"the library {_files[0]}; {_remedy}";

    private static NativeDependency Describe(string name, string[] linux, string[] mac, string[] windows, string debianPackage, string homebrewPackage) =>
        OperatingSystem.IsWindows() ? new(name, windows, $"put {windows[0]} beside the application")
        : OperatingSystem.IsMacOS() ? new(name, mac, $"with Homebrew install the package {homebrewPackage}")
        : new(name, linux, $"on Debian and Ubuntu install the package {debianPackage}");

    private static nint Resolve(string libraryName, Assembly assembly, DllImportSearchPath? searchPath) => libraryName switch
    {
        ZstdName => Zstd._handle.Value,
        LzmaName => Lzma._handle.Value,
        _ => 0,
    };

    private nint Load()
    {
        foreach (string file in _files)
        {
            if (NativeLibrary.TryLoad(file, typeof(NativeDependency).Assembly, searchPath: null, out nint handle))
            {
                return handle;
            }
        }

        return 0;
    }
}
