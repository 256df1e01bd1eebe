namespace Freezer.Platform.Linux;

/// <summary>A device number as <c>makedev</c> of the C libraries puts it together.</summary>
internal static class DeviceNumber
{
    internal static ulong Make(uint major, uint minor) =>
        ((ulong)(major & 0xFFFF_F000) << 32) | ((ulong)(major & 0xFFF) << 8)
        | ((ulong)(minor & 0xFFFF_FF00) << 12) | (minor & 0xFF);
}
