using Freezer.Tests.Support;

namespace Freezer.Tests.Architecture;

/// <summary>Nobody changes the public surface without seeing it.</summary>
public sealed class PublicSurfaceTests
{
    private const string Approved = "Freezer.Core.api.txt";
    private const string Received = "Freezer.Core.api.received.txt";

    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        string folder = Repository.PathOf("tests", "Freezer.Core.Tests", "Architecture");
        string approved = File.ReadAllText(Path.Combine(folder, Approved)).ReplaceLineEndings("\n");
        string surface = PublicSurface.Of(typeof(BackupEngine).Assembly);
        string received = Path.Combine(folder, Received);
        if (surface == approved)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, surface);
        string[] gone = [.. approved.Split('\n').Except(surface.Split('\n'))];
        string[] added = [.. surface.Split('\n').Except(approved.Split('\n'))];
        Assert.Fail(
            $"The public surface of Freezer.Core has changed.\nGone:\n{string.Join('\n', gone)}\nNew:\n{string.Join('\n', added)}\n\n"
            + $"To accept it:\n  cd {folder} && mv {Received} {Approved}");
    }
}
