namespace Freezer.Dataflow.Compression;

/// <summary>The codecs that a catalog knows: the built-in ones, and those that the application adds.</summary>
/// <remarks>Immutable and safe from any thread.</remarks>
internal sealed class CodecSet
{
    private readonly SortedDictionary<string, ICompressionCodec> _codecs = new(StringComparer.Ordinal);

    /// <param name="added">The application's own codecs. One that has the name of a built-in codec takes its place.</param>
    /// <exception cref="ArgumentException">Two of the added codecs have the same name, or one a name that cannot be stored.</exception>
    internal CodecSet(params IEnumerable<ICompressionCodec> added)
    {
        foreach (ICompressionCodec codec in added)
        {
            if (!Freezer.Compression.IsName(codec.Name))
            {
                throw new ArgumentException($"'{codec.Name}' cannot be the name of a codec: it is made of at most 32 lower-case letters, digits and hyphens.", nameof(added));
            }

            if (!_codecs.TryAdd(codec.Name, codec))
            {
                throw new ArgumentException($"Two codecs have the name '{codec.Name}'.", nameof(added));
            }
        }

        foreach (ICompressionCodec codec in (ReadOnlySpan<ICompressionCodec>)[new NoneCodec(), new GzipCodec(), new ZstdCodec(), new Bzip2Codec(), new XzCodec()])
        {
            _codecs.TryAdd(codec.Name, codec);
        }
    }

    /// <summary>The built-in codecs alone.</summary>
    internal static CodecSet BuiltIn { get; } = new();

    /// <summary>zstd where its library is there, otherwise gzip.</summary>
    internal Freezer.Compression Default =>
        _codecs[Freezer.Compression.Zstd.Codec].WhyUnavailable is null ? Freezer.Compression.Zstd : Freezer.Compression.Gzip;

    /// <summary>The codec of a name, whether it can be used here or not.</summary>
    internal ICompressionCodec? Find(string name) => _codecs.GetValueOrDefault(name);

    /// <summary>The codec of a name.</summary>
    /// <exception cref="CompressionUnavailableException">There is no such codec, or a library that it needs is missing.</exception>
    internal ICompressionCodec GetAvailable(string name)
    {
        ICompressionCodec codec = Find(name)
            ?? throw new CompressionUnavailableException(name, $"There is no codec '{name}'; known are {string.Join(", ", _codecs.Keys)}.");
        codec.ThrowIfUnavailable();
        return codec;
    }

    /// <summary>The codec and the level that an application asked for.</summary>
    /// <exception cref="CompressionUnavailableException">There is no such codec, or a library that it needs is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The codec does not have this level.</exception>
    internal (ICompressionCodec Codec, int Level) GetAvailable(Freezer.Compression compression)
    {
        ICompressionCodec codec = GetAvailable(compression.Codec);
        int level = compression.Level ?? codec.DefaultLevel;
        codec.ThrowIfNoLevel(level);
        return (codec, level);
    }
}
