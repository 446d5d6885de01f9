using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Orleans;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>
/// Changes what an Orleans client sends: in each message the first name that equals <paramref name="old"/>, or the client's key if that is null, becomes
/// another name of the same length, with the right hash.
/// </summary>
internal sealed class ForgedBytes(string? old, string forged)
{
    private const int KeyLength = 32;

    /// <summary>Whether bytes are changed.</summary>
    public bool Enabled { get; set; }

    /// <summary>Whether what the client says about itself when it connects stays as it is.</summary>
    public bool SkipsIntroduction { get; init; }

    /// <summary>Number of changed names.</summary>
    public int Count { get; private set; }

    public void Configure(IConnectionBuilder connection) => connection.Use(next => async context =>
    {
        IDuplexPipe transport = context.Transport;
        Pipe sent = new();
        context.Transport = new Transport(transport.Input, sent.Writer);
        Task forward = ForwardAsync(sent.Reader, transport.Output);
        await next(context);
        await forward;
    });

    private async Task ForwardAsync(PipeReader from, PipeWriter to)
    {
        bool introduced = false;
        while (true)
        {
            ReadResult read = await from.ReadAsync();
            ReadOnlySequence<byte> rest = read.Buffer;
            while (TryTake(ref rest, introduced) is { } frame)
            {
                if (Enabled && (introduced || !SkipsIntroduction))
                {
                    Forge(frame);
                }

                introduced = true;
                await to.WriteAsync(frame);
            }

            from.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                await to.CompleteAsync();
                return;
            }
        }
    }

    private static byte[]? TryTake(ref ReadOnlySequence<byte> rest, bool introduced)
    {
        int prefix = introduced ? 8 : 4;
        if (rest.Length < prefix)
        {
            return null;
        }

        Span<byte> lengths = stackalloc byte[8];
        rest.Slice(0, prefix).CopyTo(lengths);
        long length = prefix + (long)BinaryPrimitives.ReadInt32LittleEndian(lengths) + (introduced ? BinaryPrimitives.ReadInt32LittleEndian(lengths[4..]) : 0);
        if (rest.Length < length)
        {
            return null;
        }

        byte[] frame = rest.Slice(0, length).ToArray();
        rest = rest.Slice(length);
        return frame;
    }

    private void Forge(Span<byte> frame)
    {
        byte[] name = Encoding.UTF8.GetBytes(forged);
        int at = old is not null ? frame.IndexOf(Encoding.UTF8.GetBytes(old)) : FindKey(frame);
        if (at < 0)
        {
            return;
        }

        name.CopyTo(frame[at..]);
        BinaryPrimitives.WriteInt32LittleEndian(frame[(at - sizeof(int))..], new IdSpan(name).GetHashCode());
        Count++;
    }

    private static int FindKey(ReadOnlySpan<byte> frame)
    {
        for (int at = 0; at + KeyLength <= frame.Length; at++)
        {
            if (!frame.Slice(at, KeyLength).ContainsAnyExcept("0123456789abcdef"u8))
            {
                return at;
            }
        }

        return -1;
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
