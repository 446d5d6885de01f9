using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Lets a client that ends its sending side after a request receive its response, and notices when such a client is gone. Kestrel takes the end of what
/// a client sends for the end of the connection, because both look alike: only a client that is gone answers what is sent to it with a
/// reset. On systems other than Linux, Kestrel's behaviour remains.
/// </summary>
internal sealed class HalfCloseMonitor : IDisposable
{
    // Linux' numbers of the level of socket options, of the option, and of the state in which only the other side has ended sending.
    private const int TcpLevel = 6, TcpInfo = 11, CloseWait = 8;

    // A client's system forgets within about a minute what its program has closed. After that it answers the next probe with a reset.
    private const int ProbeSeconds = 10, ProbeCount = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10), LongestPause = TimeSpan.FromSeconds(1);

    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closed = new(), _ended = new();
    private readonly TaskCompletionSource _halfClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HalfCloseMonitor(Socket socket, TimeProvider time)
    {
        _socket = socket;
        _time = time;
    }

    private static ReadOnlySpan<byte> InterimResponse => "HTTP/1.1 100 Continue\r\n\r\n"u8;

    /// <summary>Adds the monitor to the connections of a port. It must be the first middleware of the port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="time">The clock.</param>
    public static void Use(ListenOptions port, TimeProvider time) => port.Use(next => async connection =>
    {
        if (!OperatingSystem.IsLinux() || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { ProtocolType: ProtocolType.Tcp } socket)
        {
            await next(connection);
            return;
        }

        using HalfCloseMonitor monitor = new(socket, time);
        await using CancellationTokenRegistration inputEnded = connection.ConnectionClosed.UnsafeRegister(
            static state => _ = ((HalfCloseMonitor)state!).WatchAsync(), monitor);
        connection.ConnectionClosed = monitor._closed.Token;
        connection.Transport = new Duplex(new HalfCloseReader(connection.Transport.Input), connection.Transport.Output);
        connection.Features.Set(monitor);
        await next(connection);
    });

    /// <summary>
    /// Waits for work whose result is sent as one response. A client that ends its sending side meanwhile gets an interim response. Clients of HTTP/1.1
    /// skip it, and one that is gone answers it with a reset.
    /// </summary>
    /// <param name="context">The request. Nothing may be written to its response before the returned task completes.</param>
    /// <param name="work">The work. Its exceptions are thrown.</param>
    public static async Task WaitAsync(HttpContext context, Task work)
    {
        if (context.Features.Get<HalfCloseMonitor>() is { } monitor && HttpProtocol.IsHttp11(context.Request.Protocol)
            && await Task.WhenAny(work, monitor._halfClosed.Task) != work
            && context.Features.Get<IConnectionTransportFeature>() is { Transport.Output: { } output })
        {
            output.Write(InterimResponse);
            await output.FlushAsync();
        }

        await work;
    }

    /// <summary>Ends the watch. Its tokens are not disposed of, because the watch may be about to use them.</summary>
    public void Dispose() => _ended.Cancel();

    private async Task WatchAsync()
    {
        try
        {
            if (IsHalfClosed())
            {
                EnableProbes();
                _halfClosed.SetResult();
            }

            for (TimeSpan pause = FirstPause; IsHalfClosed(); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                await Task.Delay(pause, _time, _ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The server has closed the connection.
        }

        await _closed.CancelAsync();
    }

    private bool IsHalfClosed()
    {
        Span<byte> state = stackalloc byte[1];
        return _socket.GetRawSocketOption(TcpLevel, TcpInfo, state) == state.Length && state[0] == CloseWait;
    }

    private void EnableProbes()
    {
        _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, ProbeSeconds);
        _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, ProbeCount);
        _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
