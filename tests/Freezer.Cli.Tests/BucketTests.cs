using System.Net;
using System.Net.Sockets;

namespace Freezer.Cli.Tests;

public sealed class BucketTests
{
    [Fact]
    public void What_a_server_refuses_is_told_in_its_words()
    {
        using HttpListener server = Refusing(out string endpoint);

        ProgramRun run = FreezerProgram.Finish(FreezerProgram.Start(
            ["env", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true"],
            "list", "--storage", $"s3://bucket/prefix?endpoint={endpoint}&region=us-east-1"));

        run.ShouldEndWith(1).Error.Should().Contain("403 AccessDenied: not for you").And.NotContain("Exception");
    }

    /// <summary>A server that refuses whatever it is asked.</summary>
    private static HttpListener Refusing(out string endpoint)
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            endpoint = $"http://{free.LocalEndpoint}";
        }

        var server = new HttpListener { Prefixes = { endpoint + "/" } };
        server.Start();
        server.BeginGetContext(Refuse, server);
        return server;
    }

    private static void Refuse(IAsyncResult asked)
    {
        var server = (HttpListener)asked.AsyncState!;
        if (!server.IsListening)
        {
            return;
        }

        HttpListenerContext context = server.EndGetContext(asked);
        server.BeginGetContext(Refuse, server);
        context.Response.StatusCode = (int)HttpStatusCode.Forbidden;
        context.Response.ContentType = "application/xml";
        context.Response.Close("<Error><Code>AccessDenied</Code><Message>not for you</Message></Error>"u8.ToArray(), willBlock: false);
    }
}
