using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Links;

/// <summary>
/// Makes the connections between this silo and others as slow as a network. Each silo slows what it sends. All connections to one silo share one
/// link, so the silo that connects begins by telling its own endpoint. Connections of clients are not slowed.
/// </summary>
internal sealed partial class LinkMiddleware(LinkSpeed speed, IPEndPoint local, ILogger<LinkMiddleware> logger)
{
    private const long Magic = 0x314B4E494C4E5548;

    private const int AddressBytes = 16, HelloBytes = sizeof(long) + AddressBytes + sizeof(ushort);

    private readonly ConcurrentDictionary<EndPoint, LinkDirection> _links = new();

    /// <summary>Runs a connection that this silo opened.</summary>
    public async Task RunOutboundAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        WriteHello(connection.Transport.Output, local);
        await connection.Transport.Output.FlushAsync().ConfigureAwait(false);
        await RunAsync(connection, connection.RemoteEndPoint!, next).ConfigureAwait(false);
    }

    /// <summary>Runs a connection that another silo opened.</summary>
    /// <exception cref="ConnectionAbortedException">The other silo has no simulated link.</exception>
    public async Task RunInboundAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        ReadResult read = await connection.Transport.Input.ReadAtLeastAsync(HelloBytes).ConfigureAwait(false);
        if (ReadHello(read.Buffer) is not { } remote)
        {
            NoLink(logger, connection.RemoteEndPoint);
            throw new ConnectionAbortedException("The caller has no simulated link.");
        }

        connection.Transport.Input.AdvanceTo(read.Buffer.GetPosition(HelloBytes));
        await RunAsync(connection, remote, next).ConfigureAwait(false);
    }

    private async Task RunAsync(ConnectionContext connection, EndPoint remote, ConnectionDelegate next)
    {
        IDuplexPipe plain = connection.Transport;
        LinkPipeWriter writer = new(plain.Output, _links.GetOrAdd(Normalize(remote), static (_, s) => new LinkDirection(s), speed), LinkClock.Shared);
        connection.Transport = new Transport(plain.Input, writer);
        Task delivery = writer.RunAsync();
        using CancellationTokenRegistration closed = connection.ConnectionClosed.UnsafeRegister(static w => ((LinkPipeWriter)w!).Abort(), writer);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            writer.Complete();
            await delivery.ConfigureAwait(false);
        }
    }

    private static void WriteHello(PipeWriter output, IPEndPoint local)
    {
        Span<byte> hello = output.GetSpan(HelloBytes);
        BinaryPrimitives.WriteInt64LittleEndian(hello, Magic);
        local.Address.MapToIPv6().TryWriteBytes(hello[sizeof(long)..], out _);
        BinaryPrimitives.WriteUInt16LittleEndian(hello[(sizeof(long) + AddressBytes)..], (ushort)local.Port);
        output.Advance(HelloBytes);
    }

    private static IPEndPoint? ReadHello(ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < HelloBytes)
        {
            return null;
        }

        Span<byte> hello = stackalloc byte[HelloBytes];
        buffer.Slice(0, HelloBytes).CopyTo(hello);
        return BinaryPrimitives.ReadInt64LittleEndian(hello) == Magic
            ? new IPEndPoint(new IPAddress(hello.Slice(sizeof(long), AddressBytes)), BinaryPrimitives.ReadUInt16LittleEndian(hello[(sizeof(long) + AddressBytes)..]))
            : null;
    }

    private static EndPoint Normalize(EndPoint endpoint) =>
        endpoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port) : endpoint;

    [LoggerMessage(320, LogLevel.Warning, "The caller at {Caller} has no simulated link and is refused. Start every silo of the cluster with the same --link.")]
    private static partial void NoLink(ILogger logger, EndPoint? caller);

    private sealed class Transport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
