using System.Buffers;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Kernels.Memory;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.WireProtocol;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>The rows of messages: what is written and read, who gives memory back, and that nobody reads memory that was given back.</summary>
public sealed class RowBytesTests : IDisposable
{
    private const int Piece = RowPool.PieceBytes;

    private readonly ServiceProvider _services = new ServiceCollection()
        .AddSerializer(static serializer => serializer.AddAssembly(typeof(RowBytes).Assembly))
        .BuildServiceProvider();

    public static TheoryData<int> Lengths => [0, 1, 12_800, Piece - 1, Piece, Piece + 1, (2 * Piece) - 1, 2 * Piece, (32 * 12_800) + 1];

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rows_arrive_as_they_were_sent_in_the_bytes_of_an_array(int length)
    {
        byte[] content = Content(length);
        ExpertMessage message = new(3, 4, [1, 0, 2], Rows(content), [0, 1, 0]);
        byte[] sent = Serializer.SerializeToArray(message);
        Assert.True(sent.AsSpan().IndexOf(content) >= 0);
        foreach (int segment in new[] { sent.Length, 4096, 1000 })
        {
            ExpertMessage received = Serializer.Deserialize<ExpertMessage>(Segments(sent, segment))!;
            Assert.Equal(content, received.Rows.ToArray());
            Assert.Equal([0, 1, 0], received.Sources);
        }

        // Silos of earlier versions have arrays there.
        Assert.Equal(Serializer.SerializeToArray(new Holder<byte[]>(content)), Serializer.SerializeToArray(new Holder<RowBytes>(Rows(content))));
        Assert.Equal(content, Serializer.Deserialize<Holder<RowBytes>>(Serializer.SerializeToArray(new Holder<byte[]>(content)))!.Value!.ToArray());
        Assert.Equal(content, Serializer.Deserialize<Holder<byte[]>>(Serializer.SerializeToArray(new Holder<RowBytes>(Rows(content))))!.Value);
    }

    [Fact]
    public void No_rows_and_the_same_rows_twice_arrive_as_such()
    {
        Assert.Null(Serializer.Deserialize<StepMessage>(Serializer.SerializeToArray(new StepMessage()))!.Rows);
        RowBytes rows = Rows(Content(100));
        RowBytes?[] received = Serializer.Deserialize<RowBytes?[]>(Serializer.SerializeToArray<RowBytes?[]>([rows, null, rows, RowBytes.Empty]))!;
        Assert.Equal(Content(100), received[0]!.ToArray());
        Assert.Null(received[1]);
        Assert.Same(received[0], received[2]);
        Assert.Empty(received[3]!.ToArray());
        Assert.Same(rows, _services.GetRequiredService<DeepCopier>().Copy(rows));
    }

    [Theory]
    [InlineData(101u, 100)]
    [InlineData(uint.MaxValue, 100)]
    [InlineData((uint)HunyuanSiloOptions.MaxMessageBytes, 100)]
    [InlineData((uint)HunyuanSiloOptions.MaxMessageBytes + 1, HunyuanSiloOptions.MaxMessageBytes + 1)]
    public void A_length_that_the_message_does_not_have_is_refused_before_memory_is_taken(uint length, int available)
    {
        byte[] damaged = Damaged(length, available);
        long before = RowPool.Shared.Allocated, idle = RowPool.Shared.Idle;
        string refused = Assert.Throws<GrainCallException>(() => Serializer.Deserialize<RowBytes>(damaged)).Message;
        Assert.Contains($"{length} bytes", refused, StringComparison.Ordinal);
        Assert.Contains($"at most {HunyuanSiloOptions.MaxMessageBytes}", refused, StringComparison.Ordinal);
        Assert.Equal((before, idle), (RowPool.Shared.Allocated, RowPool.Shared.Idle));
    }

    [Fact]
    public void A_message_that_ends_early_is_refused()
    {
        byte[] sent = Serializer.SerializeToArray(new StepRowsMessage(1, 2, 3, Rows(Content(2 * Piece))));
        Assert.ThrowsAny<Exception>(() => Serializer.Deserialize<StepRowsMessage>(sent.AsSpan(0, Piece)));
    }

    [Fact]
    public void A_request_is_given_back_after_it_was_sent_and_once()
    {
        RowPool pool = new();
        RowBytes rows = Rows(Content((2 * Piece) + 5), RowBytes.Allocate((2 * Piece) + 5, pool));
        Assert.Equal((3, 0), (pool.Allocated, pool.Given));

        // Within a silo the receiver has the same object and may keep it.
        rows.ReturnSent();
        rows.ReturnReceived();
        Assert.Equal(0, pool.Given);
        byte[] first = Serializer.SerializeToArray(rows);
        Assert.Equal(first, Serializer.SerializeToArray(rows));
        rows.ReturnSent();
        rows.ReturnSent();
        Assert.Equal((3, 3), (pool.Given, pool.Idle));

        // A copy of the request that is sent late, or again, is not sent with the rows of another one.
        RowBytes other = Rows(new byte[(2 * Piece) + 5], RowBytes.Allocate((2 * Piece) + 5, pool));
        Assert.Equal(3, pool.Allocated);
        Assert.Throws<ObjectDisposedException>(() => Serializer.SerializeToArray(rows));
        Assert.Throws<ObjectDisposedException>(rows.ToArray);
        Assert.Equal(new byte[(2 * Piece) + 5], other.ToArray());
    }

    [Fact]
    public void A_reply_is_given_back_when_it_is_written_unless_it_stays_in_the_silo()
    {
        RowPool pool = new();
        RowBytes reply = Rows(Content(100), RowBytes.AllocateReply(100, pool));
        reply.ReturnReceived();
        reply.ReturnSent();
        Assert.Equal(Content(100), reply.ToArray());
        byte[] sent = Serializer.SerializeToArray(new ExpertReply(reply));
        Assert.Equal(1, pool.Given);
        Assert.True(TransientErrors.IsTransient(Assert.Throws<ObjectDisposedException>(() => Serializer.SerializeToArray(new ExpertReply(reply)))));
        Assert.Equal(Content(100), Serializer.Deserialize<ExpertReply>(sent)!.Rows.ToArray());
    }

    [Fact]
    public void What_arrived_is_given_back_by_its_receiver_and_not_by_a_sender()
    {
        RowPool pool = new();
        RowBytes received = Rows(Content(100), RowBytes.AllocateReceived(100, pool));
        _ = Serializer.SerializeToArray(received);
        received.ReturnSent();
        Assert.Equal(0, pool.Given);
        received.ReturnReceived();
        received.ReturnReceived();
        Assert.Equal(1, pool.Given);
        Assert.Throws<ObjectDisposedException>(received.ToArray);
    }

    [Fact]
    public void Memory_that_is_being_read_is_not_used_again()
    {
        RowPool pool = new();
        RowBytes rows = Rows(Content(Piece), RowBytes.AllocateReceived(Piece, pool));
        using (RowBytes.Reading outer = rows.Read())
        {
            using (RowBytes.Reading inner = rows.Read())
            {
                rows.ReturnReceived();
                RowBytes later = Rows(new byte[Piece], RowBytes.Allocate(Piece, pool));
                Assert.Equal(Content(Piece), inner.From(0).ToArray());
                Assert.Equal(0, pool.Given);
            }

            Assert.Equal(Content(Piece), outer.From(0).ToArray());
        }

        Assert.Equal(1, pool.Given);
    }

    [Fact]
    public async Task Readers_that_race_with_the_owner_get_all_rows_or_an_exception()
    {
        RowPool pool = new();
        for (int round = 0; round < 2000; round++)
        {
            byte value = (byte)round;
            RowBytes rows = RowBytes.AllocateReceived(3000, pool);
            rows.Writable(0).Fill(value);
            using Barrier start = new(3);
            Task<bool>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                byte[] copy = new byte[3000];
                start.SignalAndWait();
                try
                {
                    using RowBytes.Reading reading = rows.Read();
                    reading.CopyTo(0, copy);
                    return !copy.AsSpan().ContainsAnyExcept(value);
                }
                catch (ObjectDisposedException)
                {
                    return true;
                }
            }))];
            start.SignalAndWait();
            rows.ReturnReceived();

            // The next message takes the memory as soon as it is free.
            RowBytes next = RowBytes.AllocateReceived(3000, pool);
            next.Writable(0).Fill((byte)(value + 1));
            Assert.All(await Task.WhenAll(readers), Assert.True);
            next.ReturnReceived();
        }

        Assert.InRange(pool.Allocated, 1, 100);
    }

    [Fact]
    public void Rows_on_the_border_of_two_pieces_are_copied_whole()
    {
        const int count = 13, length = 12_800;
        byte[] content = Content(count * length);
        MemoryRows source = new(count, length), target = new(count, length);
        content.CopyTo(source.Bytes, 0);
        using HostRows host = new();
        foreach (HostRows? staging in new[] { null, host })
        {
            RowBytes rows = RowBytes.Allocate(count * length);
            HunyuanOrleans.Grains.Shards.Rows.Write(source, 0, 4, rows, 0, staging);
            HunyuanOrleans.Grains.Shards.Rows.Write(source, 4, count - 4, rows, 4, staging);
            Assert.Equal(content, rows.ToArray());
            target.Bytes.AsSpan().Clear();
            HunyuanOrleans.Grains.Shards.Rows.Read(rows, 0, target, 0, 7, staging);
            HunyuanOrleans.Grains.Shards.Rows.Read(rows, 7, target, 7, count - 7, staging);
            Assert.Equal(content, target.Bytes);

            int[] sources = [12, 5, 5, 0, 10];
            HunyuanOrleans.Grains.Shards.Rows.Spread(rows, sources, target, staging);
            Assert.Equal(sources.SelectMany(row => content[(row * length)..((row + 1) * length)]), target.Bytes[..(sources.Length * length)]);
        }
    }

    [Fact]
    public void The_pool_has_no_large_arrays_and_gives_up_what_is_not_needed()
    {
        RowPool pool = new();
        byte[][] taken = [.. new[] { 1, 1024, 1025, 5000, Piece }.Select(pool.Take)];
        Assert.Equal([1024, 1024, 2048, 8192, Piece], taken.Select(static piece => piece.Length));
        Assert.All(taken, static piece => Assert.NotEqual(2, GC.GetGeneration(piece)));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Take(Piece + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Take(0));
        foreach (byte[] piece in taken.Concat(Enumerable.Range(0, 8).Select(_ => new byte[Piece])))
        {
            pool.Give(piece);
        }

        Assert.Equal(13, pool.Idle);
        pool.Trim();
        Assert.Equal(13, pool.Idle);

        // One piece was in use since the last trim, so the other 8 of its size were not needed.
        pool.Give(pool.Take(Piece));
        pool.Trim();
        Assert.Equal(4 - 3 + 5, pool.Idle);
        for (int i = 0; i < 10; i++)
        {
            pool.Trim();
        }

        Assert.Equal(0, pool.Idle);
    }

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static RowBytes Rows(byte[] content, RowBytes? into = null)
    {
        RowBytes rows = into ?? RowBytes.Allocate(content.Length);
        rows.Write(0, content);
        return rows;
    }

    private byte[] Damaged(uint length, int available)
    {
        ArrayBufferWriter<byte> bytes = new();
        using SerializerSession session = _services.GetRequiredService<SerializerSessionPool>().GetSession();
        Writer<ArrayBufferWriter<byte>> writer = Writer.Create(bytes, session);
        ReferenceCodec.MarkValueField(session);
        writer.WriteFieldHeader(0, typeof(RowBytes), typeof(RowBytes), WireType.LengthPrefixed);
        writer.WriteVarUInt32(length);
        writer.Write(new byte[available]);
        writer.Commit();
        return bytes.WrittenSpan.ToArray();
    }

    private static ReadOnlySequence<byte> Segments(byte[] bytes, int length)
    {
        Segment first = new(bytes.AsMemory(0, Math.Min(length, bytes.Length)), 0), last = first;
        for (int at = length; at < bytes.Length; at += length)
        {
            last = last.Append(bytes.AsMemory(at, Math.Min(length, bytes.Length - at)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            Segment next = new(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    private sealed class MemoryRows(int rows, int length) : IRowBuffer
    {
        public byte[] Bytes { get; } = new byte[rows * length];

        public int Rows => rows;

        public int RowLength => length;

        public void CopyOut(int firstRow, int count, Span<byte> target)
        {
            Assert.Equal(count * length, target.Length);
            Bytes.AsSpan(firstRow * length, count * length).CopyTo(target);
        }

        public void CopyIn(int firstRow, int count, ReadOnlySpan<byte> source)
        {
            Assert.Equal(count * length, source.Length);
            source.CopyTo(Bytes.AsSpan(firstRow * length));
        }
    }
}

/// <summary>A message with one member, for comparing what different types are written as.</summary>
[GenerateSerializer, Alias("hunyuan.tests.holder`1")]
internal sealed record Holder<T>([property: Id(0)] T? Value);
