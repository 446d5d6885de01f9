using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Memory;

/// <summary>
/// Uploads arrive whole, whatever else is uploaded. The fake driver copies as late as it may, so a buffer that is filled again too early shows.
/// </summary>
public sealed class StagingBuffersTests : IDisposable
{
    private const int BufferBytes = 100;

    private readonly FakeCuda? _cuda = FakeCuda.Create();

    private FakeCuda Cuda => _cuda!;

    public void Dispose() => _cuda?.Dispose();

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(5_432)]
    public void An_upload_arrives_in_order(int bytes)
    {
        using CudaDriver driver = Open();
        using StagingBuffers staging = new(driver, 3, BufferBytes);
        ulong memory = driver.Allocate(bytes + 1);
        List<long> offsets = [];
        staging.Upload(memory, bytes, (offset, part) =>
        {
            offsets.Add(offset);
            Fill(seed: 1, offset, part);
        });
        Assert.Equal(Enumerable.Range(0, (bytes + BufferBytes - 1) / BufferBytes).Select(static i => (long)i * BufferBytes), offsets);
        Assert.Equal(Expected(seed: 1, bytes), Read(driver, memory, bytes));
    }

    [SkippableFact]
    public void Buffers_are_filled_while_earlier_ones_wait_to_be_copied()
    {
        using CudaDriver driver = Open();
        using StagingBuffers staging = new(driver, 3, BufferBytes);
        ulong memory = driver.Allocate(300);
        byte[]? unwritten = null;
        nint host = driver.AllocatePinned(300);
        staging.Upload(memory, 300, (offset, part) =>
        {
            if (offset == 200)
            {
                // Device memory is host memory in the fake driver: nothing was copied yet, because nothing had to wait.
                unwritten = new byte[200];
                Marshal.Copy((nint)memory, unwritten, 0, 200);
            }

            Fill(seed: 1, offset, part);
        });
        Assert.All(unwritten!, static value => Assert.Equal(0xcd, value));
        Assert.Equal(Expected(seed: 1, 300), Read(driver, memory, 300));
    }

    [SkippableFact]
    public async Task Uploads_at_once_share_the_buffers()
    {
        using CudaDriver driver = Open();
        using StagingBuffers staging = new(driver, 3, BufferBytes);
        const int Uploads = 8, Bytes = 2_345;
        ulong[] memory = [.. Enumerable.Range(0, Uploads).Select(_ => driver.Allocate(Bytes))];
        using Barrier barrier = new(Uploads);
        await Task.WhenAll(Enumerable.Range(0, Uploads).Select(i => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait();
                staging.Upload(memory[i], Bytes, (offset, part) => Fill(i, offset, part));
            },
            TaskCreationOptions.LongRunning)));
        for (int i = 0; i < Uploads; i++)
        {
            Assert.Equal(Expected(i, Bytes), Read(driver, memory[i], Bytes));
        }

        Assert.Equal(3, Cuda.Calls.Count(static call => call == $"cuMemAllocHost_v2(100)"));
    }

    [SkippableFact]
    public void A_cancelled_upload_ends_before_its_next_part_and_gives_its_buffers_back()
    {
        using CudaDriver driver = Open();
        using StagingBuffers staging = new(driver, 2, BufferBytes);
        using CancellationTokenSource cancelled = new();
        ulong memory = driver.Allocate(1_000);
        int parts = 0;
        Assert.Throws<OperationCanceledException>(() => staging.Upload(
            memory,
            1_000,
            (offset, part) =>
            {
                Fill(seed: 1, offset, part);
                if (++parts == 2)
                {
                    cancelled.Cancel();
                }
            },
            cancelled.Token));
        Assert.Equal(2, parts);
        byte[] arrived = new byte[300];
        Marshal.Copy((nint)memory, arrived, 0, 300);
        Assert.Equal([.. Expected(seed: 1, 200), .. Enumerable.Repeat((byte)0xcd, 100)], arrived);

        staging.Upload(memory, 1_000, static (offset, part) => Fill(seed: 2, offset, part));
        Assert.Equal(Expected(seed: 2, 1_000), Read(driver, memory, 1_000));
    }

    [SkippableFact]
    public void A_source_that_fails_ends_its_upload_only()
    {
        using CudaDriver driver = Open();
        using StagingBuffers staging = new(driver, 2, BufferBytes);
        ulong memory = driver.Allocate(1_000);
        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<IOException>(() => staging.Upload(memory, 1_000, static (_, _) => throw new IOException()));
        }

        staging.Upload(memory, 1_000, static (offset, part) => Fill(seed: 2, offset, part));
        Assert.Equal(Expected(seed: 2, 1_000), Read(driver, memory, 1_000));
    }

    [SkippableFact]
    public void A_lost_device_ends_uploads()
    {
        using CudaDriver driver = Open();
        using StagingBuffers staging = new(driver, 2, BufferBytes);
        ulong memory = driver.Allocate(1_000);
        Cuda.Fail("cuEventSynchronize", 700);
        Assert.Throws<CudaException>(() => staging.Upload(memory, 1_000, static (offset, part) => Fill(seed: 2, offset, part)));
        Assert.NotNull(driver.Failure);
    }

    [SkippableFact]
    public void Closing_gives_everything_back()
    {
        using CudaDriver driver = Open();
        new StagingBuffers(driver, 2, BufferBytes).Dispose();
        Cuda.Fail("cuEventCreate", 201);
        Assert.Throws<CudaException>(() => new StagingBuffers(driver, 2, BufferBytes));
        Assert.Equal(Count("cuMemAllocHost_v2"), Count("cuMemFreeHost"));
        Assert.Equal(2, Count("cuEventDestroy_v2"));
        Assert.Equal(2, Count("cuStreamDestroy_v2"));
    }

    private static void Fill(int seed, long offset, Span<byte> part)
    {
        for (int i = 0; i < part.Length; i++)
        {
            part[i] = Value(seed, offset + i);
        }
    }

    private static byte[] Expected(int seed, int bytes) => [.. Enumerable.Range(0, bytes).Select(i => Value(seed, i))];

    private static byte Value(int seed, long at) => (byte)((seed * 31) + (at * 7) + (at / BufferBytes));

    private static byte[] Read(CudaDriver driver, ulong memory, int bytes)
    {
        nint stream = driver.CreateStream(), host = driver.AllocatePinned(bytes + 1);
        driver.CopyToHostAsync(host, memory, bytes, stream);
        driver.Synchronize(stream);
        byte[] read = new byte[bytes];
        Marshal.Copy(host, read, 0, bytes);
        driver.FreePinned(host);
        driver.DestroyStream(stream);
        return read;
    }

    private int Count(string function) => Cuda.Calls.Count(call => call.StartsWith(function, StringComparison.Ordinal));

    private CudaDriver Open()
    {
        Skip.If(_cuda is null, FakeCuda.NotBuilt);
        return CudaDriver.Open(0, Cuda.Library);
    }
}
