using Freezer.Storage.S3;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Architecture;

/// <summary>Nobody changes the public surface without seeing it.</summary>
public sealed class PublicSurfaceTests
{
    [Theory]
    [InlineData(typeof(BackupEngine))]
    [InlineData(typeof(StorageContract))]
    [InlineData(typeof(S3Storage))]
    public void The_public_surface_is_the_approved_one(Type ofThePackage)
    {
        string package = ofThePackage.Assembly.GetName().Name!;
        string approvedName = $"{package}.api.txt";
        string receivedName = $"{package}.api.received.txt";
        string folder = Repository.PathOf("tests", "Freezer.Core.Tests", "Architecture");
        string approved = File.ReadAllText(Path.Combine(folder, approvedName)).ReplaceLineEndings("\n");
        string surface = PublicSurface.Of(ofThePackage.Assembly);
        string received = Path.Combine(folder, receivedName);
        if (surface == approved)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, surface);
        string[] gone = [.. approved.Split('\n').Except(surface.Split('\n'))];
        string[] added = [.. surface.Split('\n').Except(approved.Split('\n'))];
        Assert.Fail(
            $"The public surface of {package} has changed.\nGone:\n{string.Join('\n', gone)}\nNew:\n{string.Join('\n', added)}\n\n"
            + $"To accept it:\n  cd {folder} && mv {receivedName} {approvedName}");
    }
}
