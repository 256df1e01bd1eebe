namespace Freezer.Storage.S3.Tests.Support;

/// <summary>An object of a <see cref="FakeServer"/>, with the headers that it was made with.</summary>
internal sealed record FakeObject(byte[] Content, string ETag, DateTimeOffset Modified, Dictionary<string, string> Headers);

/// <summary>An upload in parts that is open.</summary>
internal sealed record FakeUpload(string Name, FakeRequest Request, DateTimeOffset Begun)
{
    internal SortedDictionary<int, FakePart> Parts { get; } = [];
}

/// <summary>A part of an upload.</summary>
internal sealed record FakePart(byte[] Content, string ETag, DateTimeOffset Modified);
