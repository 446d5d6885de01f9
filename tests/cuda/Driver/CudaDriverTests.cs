using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Driver;

/// <summary>The driver calls CUDA's functions with the right arguments, in the right order, from any thread.</summary>
public sealed class CudaDriverTests : IDisposable
{
    private const string Module = ".visible .entry fill(\n";

    private readonly FakeCuda? _cuda = FakeCuda.Create();

    private FakeCuda Cuda => _cuda!;

    public void Dispose() => _cuda?.Dispose();

    [SkippableFact]
    public void The_device_is_described()
    {
        using CudaDriver driver = Open(1);
        Assert.Equal(
            new CudaDeviceInfo(1, "Fake GPU 1", 1 << 30, 1 << 30, 9, 0, 132, 232_448, new Version(12, 4)),
            driver.Device);
        Assert.Null(driver.Failure);
    }

    [SkippableFact]
    public void Bytes_travel_to_the_device_within_it_and_back()
    {
        using CudaDriver driver = Open();
        nint stream = driver.CreateStream(), host = driver.AllocatePinned(16);
        ulong first = driver.Allocate(16), second = driver.Allocate(32);
        Marshal.Copy(Enumerable.Range(1, 16).Select(static i => (byte)i).ToArray(), 0, host, 16);
        driver.CopyToDeviceAsync(first, host, 16, stream);
        driver.CopyAsync(second + 4, first + 8, 8, stream);
        driver.ClearAsync(second, 6, stream);
        driver.CopyToHostAsync(host, second, 12, stream);
        driver.CopyAsync(second, first, 0, stream);
        driver.Synchronize(stream);

        byte[] read = new byte[12];
        Marshal.Copy(host, read, 0, 12);
        Assert.Equal([0, 0, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16], read);
        Assert.Equal(48, Cuda.UsedBytes);
        driver.FreePinned(host);
        driver.DestroyStream(stream);
        driver.Free(first);
        driver.Free(second);
        Assert.Equal(0, Cuda.UsedBytes);
        Assert.Equal(
            [
                "cuStreamCreate(1)", "cuMemAllocHost_v2(16)", "cuMemAlloc_v2(16)", "cuMemAlloc_v2(32)", "cuMemcpyHtoDAsync_v2(16)",
                "cuMemcpyDtoDAsync_v2(8)", "cuMemsetD8Async(0, 6)", "cuMemcpyDtoHAsync_v2(12)", "cuStreamSynchronize", "cuMemFreeHost", "cuStreamSynchronize",
                "cuStreamDestroy_v2", "cuMemFree_v2", "cuMemFree_v2",
            ],
            Cuda.Calls.SkipWhile(static call => !call.StartsWith("cuStreamCreate", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public void Memory_is_freed_after_the_work_that_was_submitted()
    {
        using CudaDriver driver = Open();
        nint first = driver.CreateStream(), second = driver.CreateStream(), host = driver.AllocatePinned(8);
        ulong memory = driver.Allocate(4), other = driver.Allocate(4);
        Marshal.WriteInt64(host, 0x1122_3344_5566_7788);
        driver.CopyToDeviceAsync(memory, host, 4, first);
        driver.CopyAsync(other, memory, 4, first);
        driver.CopyToHostAsync(host + 4, other, 4, first);
        driver.BeginCapture(second);
        driver.Free(other);
        Assert.Equal(0x5566_7788_5566_7788, Marshal.ReadInt64(host));

        driver.ClearAsync(memory, 4, second);
        driver.LaunchGraphAsync(driver.EndCapture(second), second);
        driver.CopyToHostAsync(host, memory, 4, second);
        driver.Free(memory);
        Assert.Equal(0x5566_7788_0000_0000, Marshal.ReadInt64(host));

        ulong last = driver.Allocate(8);
        driver.ClearAsync(last, 8, first);
        driver.CopyToHostAsync(host, last, 8, first);
        driver.DestroyStream(first);
        driver.Free(last);
        Assert.Equal(0, Marshal.ReadInt64(host));
    }

    [SkippableFact]
    public void Work_before_a_recording_is_no_part_of_it()
    {
        using CudaDriver driver = Open();
        nint stream = driver.CreateStream();
        ulong memory = driver.Allocate(12);
        driver.ClearAsync(memory, 12, stream);
        driver.BeginCapture(stream);
        nint graph = driver.EndCapture(stream);
        Launch(driver, driver.Load(Module, "fill", 64 * 1024), stream, memory, 3);
        driver.LaunchGraphAsync(graph, stream);
        Assert.Equal([3f, 3, 3], Read(driver, stream, memory));
    }

    [SkippableFact]
    public void Any_thread_may_call_and_makes_the_context_current_once()
    {
        using CudaDriver driver = Open();
        int before = SetCurrents();
        Thread thread = new(() =>
        {
            driver.Free(driver.Allocate(1));
            driver.Free(driver.Allocate(1));
        });
        thread.Start();
        thread.Join();
        driver.Free(driver.Allocate(1));
        Assert.Equal(before + 1, SetCurrents());
        Assert.Equal(0, Cuda.UsedBytes);
    }

    [SkippableFact]
    public void Two_devices_take_turns_on_a_thread()
    {
        using CudaDriver first = Open(0), second = Open(1);
        first.Free(first.Allocate(1));
        second.Free(second.Allocate(1));
        int before = SetCurrents();
        first.Free(first.Allocate(1));
        Assert.Equal(before + 1, SetCurrents());
    }

    [SkippableFact]
    public void A_kernel_gets_its_grid_and_arguments()
    {
        using CudaDriver driver = Open();
        nint stream = driver.CreateStream(), function = driver.Load(Module, "fill", 64 * 1024);
        ulong memory = driver.Allocate(12);
        Launch(driver, function, stream, memory, 1.5f);
        Assert.Equal([1.5f, 1.5f, 1.5f], Read(driver, stream, memory));

        Assert.Equal(["cuModuleLoadDataEx(2, 5, 6, 16384)", "cuModuleGetFunction(fill)", "cuFuncSetAttribute(8, 65536)"], Cuda.Calls.Where(IsLoading));
        Assert.Equal("cuLaunchKernel(fill, 3x2x1, 128x1x1, 65536, 16)", Assert.Single(Cuda.Calls, IsLaunch));
        driver.LaunchAsync(function, new CudaGrid(0), 128, 0, stream, []);
        driver.LaunchAsync(function, new CudaGrid(5, 1, 0), 128, 0, stream, []);
        Assert.Single(Cuda.Calls, IsLaunch);

        driver.LaunchAsync(driver.Load(Module, "fill", 48 * 1024), new CudaGrid(5, 6, 7), 32, 48 * 1024, stream, []);
        Assert.Equal("cuLaunchKernel(fill, 5x6x7, 32x1x1, 49152, 0)", Cuda.Calls[^1]);
        Assert.Single(Cuda.Calls, static call => call.StartsWith("cuFuncSetAttribute", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void A_graph_runs_what_was_recorded()
    {
        using CudaDriver driver = Open();
        nint stream = driver.CreateStream(), function = driver.Load(Module, "fill", 64 * 1024);
        ulong memory = driver.Allocate(12);
        driver.ClearAsync(memory, 12, stream);
        driver.BeginCapture(stream);
        Launch(driver, function, stream, memory, 2);
        nint graph = driver.EndCapture(stream);
        Assert.Equal([0f, 0, 0], Read(driver, stream, memory));
        driver.LaunchGraphAsync(graph, stream);
        Assert.Equal([2f, 2, 2], Read(driver, stream, memory));
        driver.ClearAsync(memory, 12, stream);
        driver.LaunchGraphAsync(graph, stream);
        Assert.Equal([2f, 2, 2], Read(driver, stream, memory));
        driver.DestroyGraph(graph);
        Assert.Equal(
            [
                "cuStreamBeginCapture_v2(1)", "cuStreamEndCapture", "cuGraphInstantiateWithFlags(0)", "cuGraphDestroy", "cuGraphLaunch", "cuGraphLaunch",
                "cuGraphExecDestroy",
            ],
            Cuda.Calls.Where(static call => call.Contains("Graph", StringComparison.Ordinal) || call.Contains("Capture", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public void Streams_and_threads_wait_for_events()
    {
        using CudaDriver driver = Open();
        nint first = driver.CreateStream(), second = driver.CreateStream(), start = driver.CreateEvent(), end = driver.CreateEvent();
        ulong memory = driver.Allocate(12);
        driver.WaitFor(start);
        driver.Record(start, first);
        driver.ClearAsync(memory, 12, first);
        driver.Record(end, first);
        driver.Record(end, first);
        driver.WaitFor(end, second);
        Assert.Equal([0f, 0, 0], Read(driver, second, memory));

        driver.Record(end, first);
        driver.WaitFor(end);
        // The fake driver counts records of an event instead of time.
        Assert.Equal(2, driver.Elapsed(start, end));
        driver.DestroyEvent(start);
        driver.DestroyEvent(end);
        Assert.Equal(2, Cuda.Calls.Count(static call => call == "cuEventCreate(1)"));
        Assert.Equal(2, Cuda.Calls.Count(static call => call == "cuEventDestroy_v2"));
    }

    [SkippableFact]
    public void Closing_unloads_modules_and_releases_the_context()
    {
        CudaDriver driver = Open(), other = Open();
        driver.Load(Module, "fill", 0);
        Assert.Equal(2, Cuda.Contexts);
        driver.Dispose();
        driver.Dispose();
        Assert.Equal(1, Cuda.Contexts);
        Assert.Single(Cuda.Calls, static call => call == "cuModuleUnload");
        Assert.Throws<ObjectDisposedException>(() => driver.Allocate(1));
        other.Free(other.Allocate(1));
        other.Dispose();
        Assert.Equal(0, Cuda.Contexts);
    }

    private static bool IsLaunch(string call) => call.StartsWith("cuLaunchKernel", StringComparison.Ordinal);

    private static bool IsLoading(string call) =>
        call.StartsWith("cuModule", StringComparison.Ordinal) || call.StartsWith("cuFunc", StringComparison.Ordinal);

    private static void Launch(CudaDriver driver, nint function, nint stream, ulong memory, float value)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(memory);
        arguments.Add(3);
        arguments.Add(value);
        driver.LaunchAsync(function, new CudaGrid(3, 2), 128, 64 * 1024, stream, arguments.Bytes);
    }

    private static float[] Read(CudaDriver driver, nint stream, ulong memory)
    {
        nint host = driver.AllocatePinned(12);
        driver.CopyToHostAsync(host, memory, 12, stream);
        driver.Synchronize(stream);
        float[] values = new float[3];
        Marshal.Copy(host, values, 0, 3);
        driver.FreePinned(host);
        return values;
    }

    private int SetCurrents() => Cuda.Calls.Count(static call => call == "cuCtxSetCurrent");

    private CudaDriver Open(int ordinal = 0)
    {
        Skip.If(_cuda is null, FakeCuda.NotBuilt);
        return CudaDriver.Open(ordinal, Cuda.Library);
    }
}
