using System.Text;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

internal sealed partial class OddTree
{
    private void MakeMetadata()
    {
        foreach (string name in (string[])["mode", "owner", "touched", "attribute", "attribute-removed", "access-list", "set-uid", "closed"])
        {
            Write(name, $"content of {name}");
        }

        NativeFiles.SetMode(PathOf("mode"), Convert.ToInt32("640", 8));
        NativeFiles.SetMode(PathOf("set-uid"), Convert.ToInt32("4755", 8));
        MakeDirectory("sticky");
        NativeFiles.SetMode(PathOf("sticky"), Convert.ToInt32("3777", 8));
        MakeDirectory("mode-folder");
        Write("mode-folder/inside", "inside");
        SetTimes("touched", new UnixTime(17_000_000_000 / 10, 123_456_789));
        SetAttribute("attribute", "user.text", "value"u8);
        SetAttribute("attribute", "user.empty", ""u8);
        SetAttribute("attribute", "user.odd =%\n name", [0, 1, 2, 0xFF, (byte)'\n', 0]);
        SetAttribute("attribute", "user.long", Enumerable.Repeat((byte)'v', 2000).ToArray());
        SetAttribute("attribute-removed", "user.gone", "soon"u8);
        MakeDirectory("attribute-folder");
        SetAttribute("attribute-folder", "user.text", "value"u8);
        MakeDirectory("access-list-folder");
        if (beyondTar)
        {
            Write("access-list-folder/inside", "made before the default list");
        }

        Allow("access-list", "u:1234:rw,g:4321:r");
        Allow("access-list-folder", "d:u:1234:rwx,d:g::rx,u:1234:rwx");
        Write("access-list-folder/inherits", "made after the default list");
        if (_isRoot)
        {
            // Nobody but root reads what is closed, or gives files away.
            NativeFiles.SetMode(PathOf("closed"), 0);
            NativeFiles.SetOwner(PathOf("owner"), 4_000_000_000, 77);
            SetAttribute("set-uid", "trusted.test", "for root"u8);
            MakeDevice("null", "c", 1, 3);
            MakeDevice("device-file", "b", 7, 259);
        }
    }

    private void ChangeMetadata(int round)
    {
        switch (round)
        {
            case 1:
                NativeFiles.SetMode(PathOf("mode"), Convert.ToInt32("600", 8));
                NativeFiles.SetMode(PathOf("mode-folder"), Convert.ToInt32("700", 8));
                SetAttribute("attribute", "user.text", "other value"u8);
                SetAttribute("attribute-folder", "user.text", "other value"u8);
                Tool.Run("setfattr", ["-x", "user.gone", TextPathOf("attribute-removed")]);
                break;
            case 2:
                SetTimes("touched", new UnixTime(-62_135, 5));
                SetTimes("mode-folder", new UnixTime(5, 999));
                Allow("access-list", "u:1234:r,u:5:x");
                Allow("access-list-folder", "d:u:1234:r");
                SetAttribute("attribute-removed", "user.new", "value"u8);
                break;
            default:
                Forbid("access-list");
                NativeFiles.SetMode(PathOf("set-uid"), Convert.ToInt32("755", 8));
                break;
        }

        if (_isRoot)
        {
            NativeFiles.SetOwner(PathOf("owner"), (uint)round, 77);
            if (round == 2)
            {
                Tool.TryRun("rm", ["-f", TextPathOf("device-file")]);
                Write("device-file", "now a file");
            }
        }
    }

    private string TextPathOf(string name) => Path.Combine(root, name);

    private void SetAttribute(string name, string attribute, ReadOnlySpan<byte> value) =>
        NativeFiles.SetAttribute(PathOf(name), attribute, value.ToArray());

    /// <summary>Where the file system has no access lists there is nothing to keep.</summary>
    private void Allow(string name, string list) => Tool.TryRun("setfacl", ["-m", list, TextPathOf(name)]);

    private void Forbid(string name) => Tool.TryRun("setfacl", ["-b", TextPathOf(name)]);

    /// <summary>Not every root may: in a container, say.</summary>
    private void MakeDevice(string name, string kind, int major, int minor) =>
        Tool.TryRun("mknod", [TextPathOf(name), kind, $"{major}", $"{minor}"]);
}
