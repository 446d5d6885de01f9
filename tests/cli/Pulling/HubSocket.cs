using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>
/// An HTTP server on a plain socket with one request per connection, so that a response can have a wrong length and end anywhere.
/// </summary>
internal sealed class HubSocket : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<HubRequest, Task<HubResponse>> _answer;

    // Keeps the tasks alive: while a response is held back, nothing else refers to its task, and both task and socket would be collected.
    private readonly ConcurrentQueue<Task> _serving = new();

    public HubSocket(Func<HubRequest, Task<HubResponse>> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>The server's address, without a trailing slash.</summary>
    public string Url => $"http://{_listener.LocalEndpoint}";

    /// <summary>All requests received so far.</summary>
    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _serving.Enqueue(ServeAsync(await _listener.AcceptSocketAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                HubRequest request = await ReadAsync(socket);
                Requests.Enqueue(request);
                await WriteAsync(socket, await _answer(request));
                // Wait until the client closes the connection: closing it first may reset it and discard data that the client has not read.
                socket.Shutdown(SocketShutdown.Send);
                _ = await socket.ReceiveAsync(new byte[1]);
            }
            catch (Exception e) when (e is SocketException or EndOfStreamException)
            {
                // The client closed the connection.
            }
        }
    }

    private static async Task<HubRequest> ReadAsync(Socket socket)
    {
        StringBuilder text = new();
        byte[] block = new byte[4096];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int count = await socket.ReceiveAsync(block);
            text.Append(count > 0 ? Encoding.ASCII.GetString(block, 0, count) : throw new EndOfStreamException());
        }

        string[] lines = text.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return new(lines[0].Split(' ')[1], lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(p => p[0].ToLowerInvariant(), p => p[1]));
    }

    private static async Task WriteAsync(Socket socket, HubResponse response)
    {
        string head = $"HTTP/1.1 {response.Status} Status\r\nContent-Length: {response.Length}\r\nConnection: close\r\n"
            + string.Concat(response.Headers.Select(h => $"{h.Name}: {h.Value}\r\n")) + "\r\n";
        await SendAsync(socket, Encoding.UTF8.GetBytes(head));
        await SendAsync(socket, response.Body.AsMemory(0, response.CutAfter ?? response.Body.Length));
        if (response.CutAfter is not null)
        {
            await response.BeforeCut;
            // A graceful shutdown, because a reset may discard data that the client has not read.
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }
}
