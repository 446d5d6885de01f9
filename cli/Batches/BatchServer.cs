using System.Net.Sockets;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Model;
using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Cli.Batches;

/// <summary>
/// The HTTP server with a model in this process, reachable only by this process: it listens on a socket in a folder of its own. So the requests of a
/// batch mean exactly what they mean to a server.
/// </summary>
internal sealed class BatchServer : IAsyncDisposable
{
    private const string SocketName = "server";

    // The longest that the server's options allow. A batch has no user who waits.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromDays(1);

    private const long MaxBodyBytes = 1 << 30;

    private readonly DirectoryInfo _folder;
    private readonly WebApplication _app;

    private BatchServer(DirectoryInfo folder, WebApplication app)
    {
        _folder = folder;
        _app = app;
    }

    /// <summary>Starts the server and loads the model.</summary>
    /// <exception cref="ModelException">The model cannot be loaded.</exception>
    public static async Task<BatchServer> StartAsync(LocalModelOptions model, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hunyuan-batch-");
        BatchServer server = new(folder, Build(model, Path.Combine(folder.FullName, SocketName)));
        try
        {
            await server._app.StartAsync(cancellationToken);
            ModelSlot slot = server._app.Services.GetRequiredService<ModelSlot>();
            await slot.Settled.WaitAsync(cancellationToken);
            return slot.Failure is { } failure ? throw new ModelException(failure) : server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a client of the server. The caller disposes it.</summary>
    public HttpClient CreateClient()
    {
        UnixDomainSocketEndPoint address = new(Path.Combine(_folder.FullName, SocketName));
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(address, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri("http://localhost/"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Stopping ends the answers in progress and frees the model.
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static WebApplication Build(LocalModelOptions model, string socket)
    {
        WebApplicationBuilder builder = ModelServer.CreateBuilder(model);
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.ListenUnixSocket(socket));
        builder.Services.AddHunyuanServer(configure: static options =>
        {
            options.RequestTimeout = RequestTimeout;
            options.ShutdownTimeout = TimeSpan.Zero;
            options.MaxBodyBytes = MaxBodyBytes;
            options.MaxChoices = GenerationRequest.MaxChoices;
            options.Limits.MaxConcurrent = 0;
        });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        // What the engine and the loading of the model report appears in the answers and in the command's own error.
        builder.Logging.AddFilter(typeof(InferenceEngine).FullName, LogLevel.None);
        WebApplication app = builder.Build();
        app.MapHunyuanApi();
        return app;
    }
}
