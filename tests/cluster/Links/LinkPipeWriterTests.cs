using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using HunyuanOrleans.Grains.Links;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Links;

/// <summary>Bytes that cross a simulated link.</summary>
public sealed class LinkPipeWriterTests
{
    private static readonly PipeOptions NoLimit = new(pauseWriterThreshold: 0);

    [Theory]
    [InlineData("0us")]
    [InlineData("30us,1GB/s")]
    [InlineData("3ms,200MB/s")]
    public async Task All_bytes_arrive_in_order(string speed)
    {
        LinkDirection link = new(LinkSpeed.Parse(speed)!);
        (byte[] Sent, byte[] Arrived)[] connections = await Task.WhenAll(Enumerable.Range(0, 3).Select(seed => Task.Run(() => TransferAsync(seed, link))));
        Assert.All(connections, static connection => Assert.Equal(connection.Sent, connection.Arrived));
    }

    [Fact]
    public async Task Nothing_arrives_before_the_latency_and_the_bandwidth_allow_it()
    {
        LinkDirection link = new(LinkSpeed.Parse("20ms,10MB/s")!);
        Pipe connection = new(NoLimit);
        LinkPipeWriter writer = new(connection.Writer, link, LinkClock.Shared);
        Task delivery = writer.RunAsync();
        long began = Stopwatch.GetTimestamp();
        await writer.WriteAsync(new byte[300_000]);
        await connection.Reader.ReadAtLeastAsync(300_000);
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(20 + 30) - LinkClock.Lead);
        await writer.CompleteAsync();
        await delivery;
    }

    [Fact]
    public void Connections_share_the_bandwidth_of_their_link()
    {
        LinkDirection link = new(new LinkSpeed(TimeSpan.Zero, Stopwatch.Frequency / 4.0));
        Assert.Equal(1000 + 400, link.Reserve(1000, 100));
        Assert.Equal(1000 + 800, link.Reserve(1000, 100));
        Assert.Equal(5000 + 4, link.Reserve(5000, 1));
    }

    [Fact]
    public async Task A_small_message_of_another_connection_does_not_wait_for_a_large_one()
    {
        // The large message takes a minute.
        LinkDirection link = new(LinkSpeed.Parse("1us,1MB/s")!);
        Pipe large = new(NoLimit), small = new(NoLimit);
        LinkPipeWriter largeWriter = new(large.Writer, link, LinkClock.Shared), smallWriter = new(small.Writer, link, LinkClock.Shared);
        Task[] deliveries = [largeWriter.RunAsync(), smallWriter.RunAsync()];
        Task<FlushResult> flush = largeWriter.WriteAsync(new byte[50_000_000]).AsTask();
        await smallWriter.WriteAsync(new byte[10]);
        ReadResult read = await small.Reader.ReadAtLeastAsync(10).AsTask().WaitAsync(Wait.Limit);
        Assert.Equal(10, read.Buffer.Length);
        Assert.False(flush.IsCompleted);
        largeWriter.Abort();
        smallWriter.Abort();
        await Task.WhenAll([flush, .. deliveries]);
    }

    [Fact]
    public async Task What_is_on_its_way_is_delivered_when_the_sender_ends()
    {
        LinkDirection link = new(LinkSpeed.Parse("10s")!);
        Pipe connection = new(NoLimit);
        LinkPipeWriter writer = new(connection.Writer, link, LinkClock.Shared);
        Task delivery = writer.RunAsync();
        await writer.WriteAsync(new byte[] { 1, 2, 3 });
        await writer.CompleteAsync();
        await delivery;
        Assert.Equal([1, 2, 3], (await connection.Reader.ReadAtLeastAsync(3)).Buffer.ToArray());
    }

    [Fact]
    public async Task A_connection_that_is_closed_ends_the_sender()
    {
        LinkDirection link = new(LinkSpeed.Parse("1us,1MB/s")!);
        Pipe connection = new(NoLimit);
        LinkPipeWriter writer = new(connection.Writer, link, LinkClock.Shared);
        Task delivery = writer.RunAsync();
        await connection.Reader.CompleteAsync();
        await writer.WriteAsync(new byte[1]);
        await delivery.WaitAsync(Wait.Limit);
        Assert.True((await writer.WriteAsync(new byte[1])).IsCompleted);
    }

    private static async Task<(byte[] Sent, byte[] Arrived)> TransferAsync(int seed, LinkDirection link)
    {
        Random random = new(seed);
        byte[] sent = new byte[400_000 + seed];
        random.NextBytes(sent);
        Pipe connection = new(NoLimit);
        LinkPipeWriter writer = new(connection.Writer, link, LinkClock.Shared);
        Task delivery = writer.RunAsync();
        Task<byte[]> arrived = ReadAllAsync(connection.Reader);
        for (int at = 0; at < sent.Length;)
        {
            int count = Math.Min(sent.Length - at, random.Next(3) switch { 0 => random.Next(1, 100), 1 => random.Next(1, 5000), _ => random.Next(1, 100_000) });
            await writer.WriteAsync(sent.AsMemory(at, count));
            at += count;
        }

        await writer.CompleteAsync();
        await delivery;
        return (sent, await arrived);
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        using MemoryStream all = new();
        await reader.CopyToAsync(all);
        return all.ToArray();
    }
}
