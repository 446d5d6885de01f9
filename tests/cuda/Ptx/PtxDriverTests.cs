using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Ptx;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class PtxDriverTests : IDisposable
{
    // Adds 1 to the first word of the output.
    private const string Increment = "ld.global.u32 %r1, [%d30]; add.u32 %r1, %r1, 1; st.global.u32 [%d30], %r1;";

    private readonly PtxDriver _driver = new(new PtxDriverOptions { MemoryBytes = 1 << 20 });
    private readonly nint _stream;
    private readonly nint _other;
    private readonly nint _host;
    private readonly ulong _device;
    private readonly nint _increment;

    public PtxDriverTests()
    {
        _stream = _driver.CreateStream();
        _other = _driver.CreateStream();
        _host = _driver.AllocatePinned(64);
        _device = _driver.Allocate(64);
        _increment = _driver.Load(new TestKernel(Increment).Module, "test", 1024);
        _driver.ClearAsync(_device, 64, _stream);
        _driver.Synchronize(_stream);
    }

    public void Dispose() => _driver.Dispose();

    [Fact]
    public void Nothing_runs_before_somebody_waits()
    {
        Launch(_stream);
        _driver.CopyToHostAsync(_host, _device, 4, _stream);
        Assert.Equal(unchecked((int)0xcdcdcdcd), Marshal.ReadInt32(_host));
        _driver.Synchronize(_stream);
        Assert.Equal(1, Marshal.ReadInt32(_host));
    }

    [Fact]
    public void A_stream_that_does_not_wait_for_another_sees_stale_data()
    {
        Launch(_stream);
        _driver.CopyToHostAsync(_host, _device, 4, _other);
        _driver.Synchronize(_other);
        Assert.Equal(0, Marshal.ReadInt32(_host));
    }

    [Fact]
    public void A_stream_waits_for_an_event_of_another()
    {
        nint done = _driver.CreateEvent();
        Launch(_stream);
        _driver.Record(done, _stream);
        Launch(_stream);
        _driver.WaitFor(done, _other);
        _driver.CopyToHostAsync(_host, _device, 4, _other);
        _driver.Synchronize(_other);
        Assert.Equal(1, Marshal.ReadInt32(_host));
        _driver.WaitFor(done);
        Assert.Equal(1, _driver.Statistics["test"].Launches);
    }

    [Fact]
    public void Host_memory_is_read_when_the_copy_runs()
    {
        Marshal.WriteInt32(_host, 5);
        _driver.CopyToDeviceAsync(_device, _host, 4, _stream);
        Marshal.WriteInt32(_host, 6);
        _driver.CopyToHostAsync(_host + 8, _device, 4, _stream);
        _driver.Synchronize(_stream);
        Assert.Equal(6, Marshal.ReadInt32(_host + 8));
    }

    [Fact]
    public void A_graph_runs_as_often_as_it_is_launched()
    {
        _driver.BeginCapture(_stream);
        Launch(_stream);
        Launch(_stream);
        _driver.CopyAsync(_device + 32, _device, 4, _stream);
        nint graph = _driver.EndCapture(_stream);
        _driver.Synchronize(_stream);
        Assert.Empty(_driver.Statistics);
        _driver.LaunchGraphAsync(graph, _stream);
        _driver.LaunchGraphAsync(graph, _stream);
        _driver.CopyToHostAsync(_host, _device + 32, 4, _stream);
        _driver.Synchronize(_stream);
        Assert.Equal(4, Marshal.ReadInt32(_host));
        Assert.Equal(4, _driver.Statistics["test"].Launches);
        Assert.Equal(2, _driver.GraphLaunches);
    }

    [Fact]
    public void A_stream_that_is_captured_cannot_be_waited_for()
    {
        _driver.BeginCapture(_stream);
        Assert.Throws<CudaException>(() => _driver.Synchronize(_stream));
        Assert.Throws<CudaException>(() => _driver.BeginCapture(_stream));
        _driver.DestroyGraph(_driver.EndCapture(_stream));
        Assert.Throws<CudaException>(() => _driver.EndCapture(_stream));
    }

    [Theory]
    [InlineData(1, 0, 0, 16)]
    [InlineData(1, 1025, 0, 16)]
    [InlineData(1, 32, 1025, 16)]
    [InlineData(1, 32, 0, 8)]
    [InlineData(1, 32, 0, 24)]
    [InlineData(-1, 32, 0, 16)]
    public void Launches_of_wrong_sizes_are_refused(int blocks, int threads, int sharedBytes, int argumentBytes) =>
        Assert.Throws<CudaException>(() => _driver.LaunchAsync(_increment, new CudaGrid(blocks), threads, sharedBytes, _stream, new byte[argumentBytes]));

    [Fact]
    public void A_grid_without_blocks_does_nothing()
    {
        _driver.LaunchAsync(_increment, new CudaGrid(4, 0), 32, 0, _stream, new byte[16]);
        _driver.Synchronize(_stream);
        Assert.Empty(_driver.Statistics);
    }

    [Fact]
    public void More_shared_memory_than_a_block_can_have_is_refused() =>
        Assert.Throws<CudaException>(() => _driver.Load(new TestKernel(Increment).Module, "test", _driver.Device.SharedBytesPerBlock + 1));

    [Fact]
    public void Memory_runs_out()
    {
        Assert.Equal((1 << 20) - 64, _driver.Device.FreeBytes);
        CudaException error = Assert.Throws<CudaException>(() => _driver.Allocate(1 << 20));
        Assert.Contains("Out of memory", error.Message, StringComparison.Ordinal);
        _driver.Free(_device);
        _driver.Free(_driver.Allocate(1 << 20));
    }

    [Fact]
    public void Copies_stay_within_their_memory()
    {
        Assert.Throws<CudaException>(() => _driver.CopyToDeviceAsync(_device, _host, 65, _stream));
        Assert.Throws<CudaException>(() => _driver.CopyToDeviceAsync(_device + 1, _host, 64, _stream));
        Assert.Throws<CudaException>(() => _driver.CopyToHostAsync(_host + 1, _device, 64, _stream));
        Assert.Throws<CudaException>(() => _driver.ClearAsync(_device - 1, 1, _stream));
        Assert.Throws<CudaException>(() => _driver.Free(_device + 1));
        Assert.Throws<CudaException>(() => _driver.Synchronize(_stream + 1));
        _driver.CopyAsync(_device, _device + 16, 32, _stream);
        Assert.Throws<CudaException>(() => _driver.Synchronize(_stream));
    }

    [Fact]
    public void What_nothing_wrote_stays_so_in_copies()
    {
        ulong fresh = _driver.Allocate(64);
        _driver.CopyAsync(_device, fresh, 8, _stream);
        _driver.CopyToHostAsync(_host, _device, 12, _stream);
        _driver.Synchronize(_stream);
        Assert.Equal(unchecked((int)0xcdcdcdcd), Marshal.ReadInt32(_host));
        Assert.Equal(0, Marshal.ReadInt32(_host + 8));
        Launch(_stream);
        Assert.Throws<PtxFault>(() => _driver.Synchronize(_stream));
        Assert.Throws<CudaException>(() => _driver.Allocate(8));
    }

    [Fact]
    public void After_a_fault_nothing_can_be_used_and_everything_can_be_freed()
    {
        nint done = _driver.CreateEvent();
        _driver.BeginCapture(_other);
        nint graph = _driver.EndCapture(_other);
        _driver.LaunchAsync(_increment, new CudaGrid(1), 1, 0, _stream, new byte[16]);
        Assert.Throws<PtxFault>(() => _driver.Synchronize(_stream));
        Assert.Throws<CudaException>(() => _driver.Synchronize(_stream));
        Assert.Throws<CudaException>(() => _driver.CreateEvent());
        _driver.DestroyGraph(graph);
        _driver.DestroyEvent(done);
        _driver.DestroyStream(_other);
        _driver.FreePinned(_host);
        _driver.Free(_device);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pinned_memory_that_is_freed_before_a_copy_of_it_ran_is_an_error(bool toDevice)
    {
        nint pinned = _driver.AllocatePinned(64);
        if (toDevice)
        {
            _driver.CopyToDeviceAsync(_device, pinned, 64, _stream);
        }
        else
        {
            _driver.CopyToHostAsync(pinned, _device, 64, _stream);
        }

        _driver.FreePinned(pinned);
        // It may get the same address.
        _driver.AllocatePinned(64);
        CudaException error = Assert.Throws<CudaException>(() => _driver.Synchronize(_stream));
        Assert.Contains("was freed before a copy of it ran", error.Message, StringComparison.Ordinal);
        Assert.Throws<CudaException>(() => _driver.Allocate(8));
    }

    [Fact]
    public void Pinned_memory_can_be_freed_after_its_copies()
    {
        nint pinned = _driver.AllocatePinned(64);
        _driver.CopyToHostAsync(pinned, _device, 64, _stream);
        _driver.Synchronize(_stream);
        _driver.FreePinned(pinned);
        Launch(_stream);
        _driver.Synchronize(_stream);
    }

    [Fact]
    public void Leaks_are_reported()
    {
        nint used = _driver.CreateEvent();
        _driver.CreateEvent();
        _driver.DestroyEvent(used);
        _driver.DestroyStream(_other);
        _driver.Dispose();
        Assert.Equal(["64 bytes of device memory", "1 allocations of pinned memory", "1 streams", "1 events"], _driver.Leaks);
    }

    [Fact]
    public void Statistics_count_what_kernels_do()
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(_device);
        arguments.Add(_device);
        _driver.LaunchAsync(_increment, new CudaGrid(1), 1, 0, _stream, arguments.Bytes);
        _driver.Synchronize(_stream);
        KernelStatistics statistics = _driver.Statistics["test"];
        Assert.Equal((1, 1, 6, 4, 4), (statistics.Launches, statistics.Blocks, statistics.Instructions, statistics.GlobalBytesRead, statistics.GlobalBytesWritten));
    }

    [Fact]
    public void Elapsed_needs_events_that_are_done()
    {
        nint start = _driver.CreateEvent();
        nint end = _driver.CreateEvent();
        _driver.Record(start, _stream);
        _driver.Record(end, _stream);
        Assert.Throws<CudaException>(() => _driver.Elapsed(start, end));
        _driver.Synchronize(_stream);
        Assert.True(_driver.Elapsed(start, end) >= 0);
    }

    [Fact]
    public void The_last_record_of_an_event_counts()
    {
        nint first = _driver.CreateEvent();
        nint again = _driver.CreateEvent();
        _driver.Record(again, _stream);
        _driver.Record(first, _stream);
        _driver.Record(again, _stream);
        _driver.WaitFor(first);
        Assert.Throws<CudaException>(() => _driver.Elapsed(first, again));
        _driver.WaitFor(again);
        Assert.True(_driver.Elapsed(first, again) >= 0);
    }

    private void Launch(nint stream)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(_device);
        arguments.Add(_device);
        _driver.LaunchAsync(_increment, new CudaGrid(1), 1, 0, stream, arguments.Bytes);
    }
}
