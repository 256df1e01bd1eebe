namespace Freezer.Storage.S3.Tests.Support;

/// <summary>A request as it comes off the wire: path-style names, query and headers.</summary>
internal sealed class FakeRequest
{
    private readonly Dictionary<string, string> _query = [];

    internal FakeRequest(HttpRequestMessage message, byte[] body)
    {
        Method = message.Method.Method;
        Body = body;
        string[] path = message.RequestUri!.AbsolutePath.TrimStart('/').Split('/', 2);
        Bucket = path[0];
        Name = path.Length > 1 ? Uri.UnescapeDataString(path[1]) : "";
        foreach (string pair in message.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = pair.Split('=', 2);
            _query[Uri.UnescapeDataString(sides[0])] = sides.Length > 1 ? Uri.UnescapeDataString(sides[1]) : "";
        }

        foreach ((string name, IEnumerable<string> values) in message.Headers.NonValidated.Select(static header => (header.Key, (IEnumerable<string>)header.Value)))
        {
            Headers[name] = string.Join(",", values);
        }

        foreach ((string name, IEnumerable<string> values) in message.Content?.Headers.NonValidated.Select(static header => (header.Key, (IEnumerable<string>)header.Value)) ?? [])
        {
            Headers[name] = string.Join(",", values);
        }
    }

    internal string Method { get; }

    internal string Bucket { get; }

    internal string Name { get; }

    internal byte[] Body { get; }

    internal Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    internal bool IsPart => Method == "PUT" && Has("partNumber");

    internal bool Has(string parameter) => _query.ContainsKey(parameter);

    internal string? Query(string parameter) => _query.GetValueOrDefault(parameter);

    internal string? Header(string name) => Headers.GetValueOrDefault(name);

    public override string ToString() => $"{Method} {Name}?{string.Join('&', _query.Select(static pair => $"{pair.Key}={pair.Value}"))}";
}
