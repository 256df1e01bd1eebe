namespace Freezer;

/// <summary>Which codec compresses a backup, and how hard.</summary>
/// <param name="Codec">The codec's name, for example <c>zstd</c>.</param>
/// <param name="Level">The level, or <see langword="null"/> for the codec's default.</param>
public sealed record Compression(string Codec, int? Level = null);
