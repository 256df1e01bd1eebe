using System.Net;

namespace Freezer.Storage.S3.Tests.Support;

/// <summary>The content of an answer that breaks off, or falls silent, after some bytes.</summary>
internal static class BreakingContent
{
    internal static HttpContent Of(HttpContent content, int after, Action? silence = null)
    {
        var breaking = new StreamContent(new BreakingStream(content.ReadAsStream(), after, silence));
        foreach ((string name, IEnumerable<string> values) in content.Headers)
        {
            breaking.Headers.TryAddWithoutValidation(name, values);
        }

        return breaking;
    }

    private sealed class BreakingStream(Stream inner, int left, Action? silence) : Stream
    {
        private int _left = left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0)
            {
                if (silence is not null)
                {
                    silence();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            }

            int count = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= count;
            return count;
        }

        /// <summary>Hears no token, as the stream of a connection: it is silent for as long as the action takes.</summary>
        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_left == 0)
            {
                silence?.Invoke();
                throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            }

            int read = inner.Read(buffer, offset, Math.Min(count, _left));
            _left -= read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
