using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Serialization;

namespace HunyuanOrleans.Grains.Access;

/// <summary>
/// Binds each connection to a gateway to its client. Orleans believes the source that a message names, so without this a client could speak as a silo, as
/// a grain or as another client. Silos' connections arrive at another port and do not pass here.
/// </summary>
/// <param name="serializer">Reads what the client says about itself when it connects.</param>
/// <param name="log">Gets the reason if a connection is closed.</param>
internal sealed class ClientIdentityMiddleware(Serializer serializer, RefusalLog log)
{
    /// <summary>Adds the middleware to a silo's gateway.</summary>
    /// <param name="options">The silo's connections.</param>
    public void Configure(SiloConnectionOptions options) =>
        options.ConfigureGatewayInboundConnection(connection => connection.Use(next => context => RunAsync(next, context)));

    private async Task RunAsync(ConnectionDelegate next, ConnectionContext context)
    {
        IDuplexPipe transport = context.Transport;
        ClientMessageReader reader = new(transport.Input, serializer, reason => log.ConnectionClosed(reason, context.RemoteEndPoint));
        context.Transport = new CheckedTransport(reader, transport.Output);
        try
        {
            await next(context);
        }
        finally
        {
            context.Transport = transport;
        }
    }

    private sealed record CheckedTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
