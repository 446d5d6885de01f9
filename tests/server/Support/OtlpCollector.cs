using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>
/// A minimal OpenTelemetry collector: accepts OTLP over gRPC and keeps the messages as text, in which the names are readable.
/// </summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Call, string Message)> _calls = new();

    private OtlpCollector(WebApplication app)
    {
        _app = app;
        app.MapPost("/{service}/{method}", ReceiveAsync);
    }

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<OtlpCollector> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenLocalhostHttp2());
        builder.Services.AddRoutingCore();
        OtlpCollector collector = new(builder.Build());
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>All messages of calls whose path ends with <paramref name="call"/>.</summary>
    public string Received(string call) =>
        string.Concat(_calls.Where(received => received.Call.EndsWith(call, StringComparison.Ordinal)).Select(static received => received.Message));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        _calls.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
        context.Response.ContentType = "application/grpc";
        context.Response.AppendTrailer("grpc-status", "0");

        // An empty message: all of the data was accepted.
        await context.Response.Body.WriteAsync(new byte[5]);
    }
}

file static class KestrelPorts
{
    public static void ListenLocalhostHttp2(this KestrelServerOptions kestrel) =>
        kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
}
