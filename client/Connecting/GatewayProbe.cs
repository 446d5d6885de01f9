using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using HunyuanOrleans.Contracts.Messages;
using Orleans.Serialization;

namespace HunyuanOrleans.Client.Connecting;

/// <summary>
/// Finds out what listens at an address: Orleans' client waits for ever at a silo port, and does not tell a wrong cluster from a silo that starts.
/// </summary>
/// <param name="serializer">Orleans' serializer.</param>
/// <param name="clusterId">The cluster that the client looks for.</param>
internal sealed class GatewayProbe(Serializer serializer, string clusterId)
{
    // As in Orleans.
    private const int MaxPreambleBytes = 1024;

    private const string ClientType = "sys.client", Hint = "Clients connect to a silo's gateway port (--gateway-port, 30000 by default).";

    // A silo on a machine that is busy answers late; only what listens and says nothing is waited for so long.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Connects as a client would, and if the answer is not Orleans', as a browser and as an encrypted client would.</summary>
    public async Task<GatewayFinding> RunAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        try
        {
            if (await GreetAsync(endpoint, cancellationToken) is { } preamble)
            {
                return Judge(endpoint, preamble);
            }

            return await AnswersHttpAsync(endpoint, cancellationToken)
                ? new(GatewayState.Wrong, $"{endpoint} is an HTTP port. {Hint}")
                : await AnswersTlsAsync(endpoint, cancellationToken)
                    ? new(GatewayState.Encrypted, $"{endpoint} accepts encrypted connections only.")
                    : new(GatewayState.Silent, $"Something listens at {endpoint}, but it does not answer as a gateway does: it is no silo, or one that is starting. {Hint}");
        }
        catch (SocketException refused)
        {
            return new(GatewayState.Silent, refused.SocketErrorCode == SocketError.ConnectionRefused
                ? $"Nothing listens at {endpoint}. {Hint}"
                : $"{endpoint} cannot be reached: {refused.Message}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(GatewayState.Silent, $"{endpoint} does not accept a connection.");
        }
    }

    private GatewayFinding Judge(IPEndPoint endpoint, GatewayPreamble preamble) =>
        preamble.Silo?.Endpoint.Port == endpoint.Port
            ? new(GatewayState.Wrong, $"{endpoint} is the silo port of a silo of cluster {preamble.ClusterId}, which only silos use. {Hint}")
            : preamble.ClusterId != clusterId
                ? new(GatewayState.Wrong, $"The silo at {endpoint} belongs to cluster {preamble.ClusterId}, not to cluster {clusterId}: the cluster id is wrong, or the address.")
                : new(GatewayState.Gateway, $"{endpoint} is a gateway of cluster {clusterId}.");

    private async Task<GatewayPreamble?> GreetAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> greeting = new();
        serializer.Serialize(
            new GatewayPreamble { Node = GrainId.Create(ClientType, Guid.NewGuid().ToString("N")), ClusterId = clusterId }, greeting);
        byte[] message = new byte[sizeof(int) + greeting.WrittenCount];
        BinaryPrimitives.WriteInt32LittleEndian(message, greeting.WrittenCount);
        greeting.WrittenSpan.CopyTo(message.AsSpan(sizeof(int)));
        return await ConnectAsync(endpoint, ReadAsync, cancellationToken);

        async Task<GatewayPreamble?> ReadAsync(NetworkStream stream, CancellationToken timeout)
        {
            await stream.WriteAsync(message, timeout);
            byte[] header = new byte[sizeof(int)];
            await stream.ReadExactlyAsync(header, timeout);
            int length = BinaryPrimitives.ReadInt32LittleEndian(header);
            if (length is <= 0 or > MaxPreambleBytes)
            {
                return null;
            }

            byte[] reply = new byte[length];
            await stream.ReadExactlyAsync(reply, timeout);
            try
            {
                return serializer.Deserialize<GatewayPreamble>(reply);
            }
            catch (Exception fault) when (fault is SerializerException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
            {
                return null;
            }
        }
    }

    private static async Task<bool> AnswersHttpAsync(IPEndPoint endpoint, CancellationToken cancellationToken) =>
        await ConnectAsync(endpoint, static async (stream, timeout) =>
        {
            await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), timeout);
            byte[] reply = new byte["HTTP/"u8.Length];
            await stream.ReadExactlyAsync(reply, timeout);
            return reply.AsSpan().SequenceEqual("HTTP/"u8) ? reply : null;
        }, cancellationToken) is not null;

    private static async Task<bool> AnswersTlsAsync(IPEndPoint endpoint, CancellationToken cancellationToken) =>
        await ConnectAsync(endpoint, static async (stream, timeout) =>
        {
            bool answered = false;

            // The certificate does not matter: nothing is sent, and the connection is closed at once.
            await using SslStream encrypted = new(stream, leaveInnerStreamOpen: true, (_, _, _, _) => answered = true);
            try
            {
                await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "" }, timeout);
            }
            catch (AuthenticationException)
            {
                // The server may refuse a client without a certificate after it has shown its own.
            }

            return answered ? encrypted : null;
        }, cancellationToken) is not null;

    // A connection that is closed or stays silent gives null; one that is refused throws.
    private static async Task<T?> ConnectAsync<T>(IPEndPoint endpoint, Func<NetworkStream, CancellationToken, Task<T?>> talk, CancellationToken cancellationToken)
        where T : class
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        using Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint, timeout.Token);
        try
        {
            await using NetworkStream stream = new(socket);
            return await talk(stream, timeout.Token);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}

/// <summary>What a probe found at an address.</summary>
/// <param name="State">Whether a client can connect there.</param>
/// <param name="Message">What was found, in words.</param>
internal readonly record struct GatewayFinding(GatewayState State, string Message);

/// <summary>Whether a client can connect to an address.</summary>
internal enum GatewayState
{
    /// <summary>A gateway of the cluster.</summary>
    Gateway,

    /// <summary>Something else, which will not become a gateway.</summary>
    Wrong,

    /// <summary>Encrypted connections only: what it is can be seen with a certificate only.</summary>
    Encrypted,

    /// <summary>Nothing, or something that does not answer: perhaps a silo that is starting.</summary>
    Silent,
}
