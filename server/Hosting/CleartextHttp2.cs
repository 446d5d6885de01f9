using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Lets clients speak HTTP/2 without TLS (h2c with prior knowledge) on the ports of HTTP/1.1. Without TLS, Kestrel serves one of the two on a port, so
/// the first bytes of a connection decide: every HTTP/2 connection begins with the same preface, which is no request of HTTP/1.1.
/// </summary>
internal static class CleartextHttp2
{
    // By this feature of a connection, Kestrel's own middleware for server names overrides the protocols of the port. It is internal to Kestrel.
    private static readonly Type ProtocolsFeature = Type.GetType(
        "Microsoft.AspNetCore.Server.Kestrel.Core.Internal.HttpProtocolsFeature, Microsoft.AspNetCore.Server.Kestrel.Core", throwOnError: true)!;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Adds the choice to a port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="timeout">How long a client may take to send its first bytes.</param>
    public static void Use(ListenOptions port, TimeSpan timeout) => port.Use(next => async connection =>
    {
        if (await IsHttp2Async(connection, timeout) is not { } isHttp2)
        {
            return;
        }

        if (isHttp2)
        {
            connection.Features[ProtocolsFeature] = Activator.CreateInstance(ProtocolsFeature, HttpProtocols.Http2);
        }

        await next(connection);
    });

    /// <returns>Null if the client closed the connection or sent nothing in time, or the server stops.</returns>
    private static async Task<bool?> IsHttp2Async(ConnectionContext connection, TimeSpan timeout)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default);
        limit.CancelAfter(timeout);
        PipeReader input = connection.Transport.Input;
        try
        {
            while (true)
            {
                ReadResult read = await input.ReadAsync(limit.Token);
                bool? isHttp2 = BeginsWithPreface(read.Buffer);
                input.AdvanceTo(read.Buffer.Start, isHttp2 is null ? read.Buffer.End : read.Buffer.Start);
                if (isHttp2 is not null)
                {
                    return isHttp2;
                }

                if (read.IsCompleted)
                {
                    return read.Buffer.IsEmpty ? null : false;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <returns>Null if more bytes are needed.</returns>
    private static bool? BeginsWithPreface(ReadOnlySequence<byte> received)
    {
        Span<byte> first = stackalloc byte[Preface.Length];
        int count = (int)Math.Min(received.Length, first.Length);
        received.Slice(0, count).CopyTo(first);
        return !Preface.StartsWith(first[..count]) ? false : count == Preface.Length ? true : null;
    }
}
