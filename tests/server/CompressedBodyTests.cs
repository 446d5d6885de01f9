using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Bodies that are compressed, or begin with a byte order mark.</summary>
public sealed class CompressedBodyTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(Bodies.Chat("法国的首都是哪里？"));
    private readonly TestServer _server = demo.Server;

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("x-gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("deflate", true)]
    [InlineData("identity")]
    public async Task A_compressed_body_is_read(string encoding, bool bare = false)
    {
        (int status, string answer) = await PostAsync(Compress(Body, encoding, bare), encoding);
        Assert.True(status == 200, answer);
        Assert.Contains("法国的首都是巴黎。", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("deflate", true)]
    public async Task A_body_that_becomes_too_large_is_refused(string encoding, bool bare = false)
    {
        byte[] bomb = Compress(Encoding.UTF8.GetBytes(Bodies.Chat(new string('a', 9 << 20))), encoding, bare);
        Assert.True(bomb.Length < 1 << 20);
        (int status, string answer) = await PostAsync(bomb, encoding);
        Assert.Equal(413, status);
        Assert.Contains("8388608", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_in_another_format_is_refused(string encoding)
    {
        (int status, string answer) = await PostAsync(Body, encoding);
        Assert.True(status == 400, answer);
        byte[] half = Compress(Body, encoding, bare: false);
        (status, answer) = await PostAsync(half[..(half.Length / 2)], encoding);
        Assert.True(status == 400, answer);
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    [InlineData("x")]
    public async Task An_unknown_encoding_is_refused(string encoding)
    {
        using HttpResponseMessage response = await SendAsync(Body, encoding);
        Assert.Equal(415, (int)response.StatusCode);
        Assert.Contains("unsupported_encoding", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("gzip, br, deflate", string.Join(", ", response.Headers.GetValues("Accept-Encoding")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    public async Task A_byte_order_mark_is_skipped(string? encoding)
    {
        byte[] marked = [0xEF, 0xBB, 0xBF, .. Body];
        (int status, string answer) = await PostAsync(encoding is null ? marked : Compress(marked, encoding, bare: false), encoding);
        Assert.True(status == 200, answer);
        (status, _) = await PostAsync([0xEF, 0xBB, 0xBF, .. marked], null);
        Assert.Equal(400, status);
    }

    private static byte[] Compress(byte[] body, string encoding, bool bare)
    {
        MemoryStream result = new();
        using (Stream stream = encoding.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(result, CompressionLevel.Optimal),
            "br" => new BrotliStream(result, CompressionLevel.Optimal),
            "deflate" when bare => new DeflateStream(result, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(result, CompressionLevel.Optimal),
            _ => result,
        })
        {
            stream.Write(body);
        }

        return result.ToArray();
    }

    private async Task<(int Status, string Answer)> PostAsync(byte[] body, string? encoding)
    {
        using HttpResponseMessage response = await SendAsync(body, encoding);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> SendAsync(byte[] body, string? encoding)
    {
        ByteArrayContent content = new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return await _server.Client.PostAsync(Bodies.ChatPath, content);
    }
}
