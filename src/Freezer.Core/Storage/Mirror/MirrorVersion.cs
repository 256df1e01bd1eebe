namespace Freezer.Storage;

/// <summary>The version of a mirrored object: the versions of its copies, so that any of them can be asked for its own.</summary>
internal static class MirrorVersion
{
    private const char Separator = '|';
    private const string None = "!";

    /// <summary>The copies' versions in their order, escaped; <c>!</c> for a storage without a copy. <see langword="null"/> where none has a version.</summary>
    internal static string? Join(StorageEntry?[] copies) => Array.TrueForAll(copies, static copy => copy?.Version is null) ? null
        : string.Join(Separator, copies.Select(static copy => copy is null ? None : Uri.EscapeDataString(copy.Version ?? "")));

    /// <summary>Whether two versions are of one object: at least one storage has it in both, and none has another one.</summary>
    internal static bool AreOfOneObject(string? left, string? right)
    {
        if (left is null || right is null)
        {
            return false;
        }

        string[] lefts = left.Split(Separator);
        string[] rights = right.Split(Separator);
        return lefts.Length == rights.Length
            && lefts.Zip(rights).Where(static pair => pair.First != None && pair.Second != None).ToList() is { Count: > 0 } common
            && common.TrueForAll(static pair => pair.First == pair.Second);
    }
}
