using System.Text;

namespace Freezer.Benchmarks;

/// <summary>Bytes to work on, the same in every run.</summary>
internal static class SampleContent
{
    /// <summary>What no codec makes smaller.</summary>
    internal static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    /// <summary>What compresses about as well as source code.</summary>
    internal static byte[] Text(int length)
    {
        string[] words = [.. Enumerable.Range(0, 2000).Select(static number => $"word{number * 7919 % 10007}")];
        var random = new Random(1);
        var text = new StringBuilder(length + 16);
        while (text.Length < length)
        {
            // Small numbers come up more often, as common words do.
            text.Append(words[random.Next(1 + random.Next(words.Length))]).Append(random.Next(12) == 0 ? '\n' : ' ');
        }

        return Encoding.UTF8.GetBytes(text.ToString(0, length));
    }
}
