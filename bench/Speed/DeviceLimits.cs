using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>What a device reached in this run, in bytes and operations per second.</summary>
/// <param name="ReadBytes">Reading its memory with a kernel that does nothing else.</param>
/// <param name="MultiplyOperations">bf16 products on the tensor cores with operands in registers; a multiplication and an addition are two.</param>
/// <param name="CopyToDeviceBytes">Copies from pinned host memory.</param>
/// <param name="CopyToHostBytes">Copies to pinned host memory.</param>
/// <param name="CopyWithinBytes">Copies within the device; each byte counts once.</param>
internal sealed record DeviceLimits(double ReadBytes, double MultiplyOperations, double CopyToDeviceBytes, double CopyToHostBytes, double CopyWithinBytes)
{
    // 2 * 16 * 8 * 16: the operations of one product of tiles.
    private const double TileOperations = 4096;

    private const int BlocksPerMultiprocessor = 4;

    /// <summary>Measures the limits.</summary>
    /// <param name="device">The device.</param>
    /// <param name="small">Whether the work is small, for an interpreter.</param>
    public static DeviceLimits Measure(CudaComputeDevice device, bool small)
    {
        ICudaDriver driver = device.Driver;
        long bytes = small ? 4 << 20 : 4L << 30, pinnedBytes = small ? 1 << 20 : 256 << 20;
        using IDeviceMemory memory = device.Loader.Allocate(bytes), resultMemory = device.Loader.Allocate(256);
        using DeviceTimer timer = new(driver, device.Stream);
        ulong address = ((CudaMemory)memory).Address, result = ((CudaMemory)resultMemory).Address;
        nint pinned = driver.AllocatePinned(pinnedBytes);
        try
        {
            DeviceFill.Random(device, address, bytes, seed: 1);
            return new DeviceLimits(
                bytes / timer.Measure(() => Read(device, address, bytes, result), 0.5),
                Multiply(device, timer, result, small ? 4 : 20_000),
                pinnedBytes / timer.Measure(() => driver.CopyToDeviceAsync(address, pinned, pinnedBytes, device.Stream), 0.3),
                pinnedBytes / timer.Measure(() => driver.CopyToHostAsync(pinned, address, pinnedBytes, device.Stream), 0.3),
                bytes / 2 / timer.Measure(() => driver.CopyAsync(address, address + (ulong)(bytes / 2), bytes / 2, device.Stream), 0.3));
        }
        finally
        {
            driver.FreePinned(pinned);
        }
    }

    private static void Read(CudaComputeDevice device, ulong memory, long bytes, ulong result)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(memory);
        arguments.Add(memory + (ulong)bytes);
        arguments.Add(result);
        new CudaFunction(device.Driver, device.Kernels, LimitKernels.ReadAll)
            .LaunchAsync(new CudaGrid(device.Driver.Device.Multiprocessors * BlocksPerMultiprocessor), device.Stream, arguments);
    }

    private static double Multiply(CudaComputeDevice device, DeviceTimer timer, ulong result, int steps)
    {
        int blocks = device.Driver.Device.Multiprocessors * BlocksPerMultiprocessor;
        CudaFunction kernel = new(device.Driver, device.Kernels, LimitKernels.MultiplyMost);
        double seconds = timer.Measure(Launch, 0.5);
        return (double)blocks * LimitKernels.MultiplyWarps * steps * LimitKernels.ProductsPerStep * TileOperations / seconds;

        void Launch()
        {
            KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
            arguments.Add(steps);
            arguments.Add(result);
            kernel.LaunchAsync(new CudaGrid(blocks), device.Stream, arguments);
        }
    }
}
