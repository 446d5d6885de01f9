using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Driver;

/// <summary>Each failure is one exception with a sentence that says what is wrong.</summary>
public sealed class CudaErrorTests
{
    private const int IllegalAddress = 700;

    [Fact]
    public void A_machine_without_a_driver() => Fails("/nowhere/libcuda.so.1", "There is no NVIDIA driver: /nowhere/libcuda.so.1 cannot be loaded.");

    [SkippableFact]
    public void A_library_that_is_not_the_driver()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The C library has another name.");
        Fails("libc.so.6", "The NVIDIA driver has no function cuDriverGetVersion, which CUDA 12.0 and newer have.");
    }

    [SkippableTheory]
    [InlineData("-DDEVICES=0", "The NVIDIA driver finds no GPU.")]
    [InlineData("-DDRIVER=11080", "The NVIDIA driver is too old: it supports CUDA 11.8, and 12.0 or newer is needed.")]
    public void A_machine_that_cannot_be_used(string option, string message)
    {
        using FakeCuda? cuda = FakeCuda.Create(option);
        Skip.If(cuda is null, FakeCuda.NotBuilt);
        Fails(cuda.Library, message);
    }

    [SkippableFact]
    public void A_device_that_is_too_old()
    {
        using FakeCuda? cuda = FakeCuda.Create("-DCAPABILITY=75");
        Skip.If(cuda is null, FakeCuda.NotBuilt);
        const string Message = "cuda:1 (Fake GPU 1) has compute capability 7.5, and 8.0 or newer is needed.";
        Assert.Equal(Message, Assert.Throws<CudaException>(() => CudaDriver.Open(1, cuda.Library)).Message);
        CudaDevices found = CudaDevices.Find(cuda.Library);
        Assert.Null(found.Problem);
        Assert.Equal(2, found.Devices.Count);
        Assert.Equal(Message, found.Devices[1].Problem);
        Assert.Equal(0, cuda.Contexts);
    }

    [SkippableFact]
    public void Devices_are_found_and_released()
    {
        using FakeCuda cuda = Create();
        using CudaDriver driver = CudaDriver.Open(0, cuda.Library);
        driver.Allocate(1 << 20);
        CudaDevices found = CudaDevices.Find(cuda.Library);
        Assert.Null(found.Problem);
        Assert.Equal([(1 << 30) - (1 << 20), (1 << 30) - (1 << 20)], found.Devices.Select(static device => device.Info.FreeBytes));
        Assert.All(found.Devices, static device => Assert.Null(device.Problem));
        Assert.Equal(1, cuda.Contexts);
        driver.Allocate(1);
    }

    [SkippableFact]
    public void A_device_that_another_process_has_for_itself()
    {
        using FakeCuda cuda = Create();
        cuda.Fail("cuDevicePrimaryCtxRetain", 46);
        CudaDevices found = CudaDevices.Find(cuda.Library);
        Assert.Equal(["cuda:0 is not available: error 46.", null], found.Devices.Select(static device => device.Problem));
    }

    [SkippableFact]
    public void A_device_that_does_not_exist()
    {
        using FakeCuda cuda = Create();
        CudaException error = Assert.Throws<CudaException>(() => CudaDriver.Open(2, cuda.Library));
        Assert.Equal("cuda:2 does not exist: this machine has 2 CUDA devices.", error.Message);
    }

    [SkippableFact]
    public void A_driver_that_cannot_be_opened_leaves_no_context()
    {
        using FakeCuda cuda = Create();
        cuda.Fail("cuMemGetInfo_v2", 201);
        CudaException error = Assert.Throws<CudaException>(() => CudaDriver.Open(0, cuda.Library));
        Assert.Equal("cuda:0: FreeBytes failed: invalid device context (CUDA_ERROR_INVALID_CONTEXT).", error.Message);
        Assert.Equal(0, cuda.Contexts);
    }

    [SkippableFact]
    public void Out_of_memory_says_how_much_is_free_and_harms_nothing()
    {
        using FakeCuda cuda = Create();
        using CudaDriver driver = CudaDriver.Open(0, cuda.Library);
        CudaException error = Assert.Throws<CudaException>(() => driver.Allocate(2L << 30));
        Assert.Equal(
            "cuda:0 (Fake GPU 0) has not enough memory: 2,147,483,648 bytes are needed, 1,073,741,824 of 1,073,741,824 are free.", error.Message);
        Assert.Contains("cannot give 2,147,483,648 bytes", Assert.Throws<CudaException>(() => driver.AllocatePinned(2L << 30)).Message, StringComparison.Ordinal);
        Assert.Null(driver.Failure);
        driver.Free(driver.Allocate(1));
    }

    [SkippableFact]
    public void A_module_that_does_not_compile_shows_the_compilers_log()
    {
        using FakeCuda cuda = Create();
        using CudaDriver driver = CudaDriver.Open(0, cuda.Library);
        CudaException error = Assert.Throws<CudaException>(() => driver.Load(".entry fill(mistake", "fill", 0));
        Assert.Equal(
            "cuda:0: Compiling fill failed: a PTX JIT compilation failed (CUDA_ERROR_INVALID_PTX). "
                + "ptxas application ptx input, line 5; error: Unknown symbol 'mistake'",
            error.Message);
        error = Assert.Throws<CudaException>(() => driver.Load(".entry fill(", "empty", 0));
        Assert.Equal("cuda:0: Finding the entry empty failed: named symbol not found (CUDA_ERROR_NOT_FOUND).", error.Message);
        error = Assert.Throws<CudaException>(() => driver.Load(".entry fill(", "fill", 300_000));
        Assert.Equal("cuda:0: fill needs 300,000 bytes of shared memory for a block, and the device has 232,448.", error.Message);
        Assert.NotEqual(0, driver.Load(".entry fill(", "fill", 232_448));
    }

    [SkippableFact]
    public void An_error_that_loses_the_context_ends_all_calls()
    {
        using FakeCuda cuda = Create();
        using CudaDriver driver = CudaDriver.Open(0, cuda.Library);
        nint stream = driver.CreateStream(), host = driver.AllocatePinned(8), handle = driver.CreateEvent();
        ulong memory = driver.Allocate(8);
        cuda.Fail("cuStreamSynchronize", IllegalAddress);
        string message = Assert.Throws<CudaException>(() => driver.Synchronize(stream)).Message;
        Assert.Equal(
            "cuda:0: Synchronize failed: an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS). "
                + "The process cannot use the device any more and must be restarted.",
            message);
        Assert.Equal(message, driver.Failure);

        int calls = cuda.Calls.Length;
        Assert.Equal(message, Assert.Throws<CudaException>(() => driver.Allocate(1)).Message);
        Assert.Equal(message, Assert.Throws<CudaException>(() => driver.ClearAsync(memory, 8, stream)).Message);
        driver.Free(memory);
        driver.FreePinned(host);
        driver.DestroyEvent(handle);
        driver.DestroyStream(stream);
        Assert.Equal(calls, cuda.Calls.Length);
    }

    [SkippableFact]
    public void A_copy_out_of_bounds_loses_the_context()
    {
        using FakeCuda cuda = Create();
        using CudaDriver driver = CudaDriver.Open(0, cuda.Library);
        nint stream = driver.CreateStream(), host = driver.AllocatePinned(64);
        ulong memory = driver.Allocate(8);
        CudaException error = Assert.Throws<CudaException>(() => driver.CopyToDeviceAsync(memory, host, 9, stream));
        Assert.StartsWith("cuda:0: CopyToDeviceAsync failed: an illegal memory access", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, driver.Failure);
    }

    private static FakeCuda Create()
    {
        FakeCuda? cuda = FakeCuda.Create();
        Skip.If(cuda is null, FakeCuda.NotBuilt);
        return cuda;
    }

    private static void Fails(string library, string message)
    {
        Assert.Equal(message, Assert.Throws<CudaException>(() => CudaDriver.Open(0, library)).Message);
        CudaDevices found = CudaDevices.Find(library);
        Assert.Empty(found.Devices);
        Assert.Equal(message, found.Problem);
    }
}
