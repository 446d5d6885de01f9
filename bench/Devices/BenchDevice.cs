using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Ptx.Driver;

namespace HunyuanOrleans.Bench.Devices;

/// <summary>Opens the device that a benchmark of GPUs uses: a GPU of this machine, or the CPU as an interpreter of PTX.</summary>
internal static class BenchDevice
{
    /// <summary>The flag that chooses the interpreter.</summary>
    public const string Interpreter = "--interpreter";

    /// <summary>The option with the number of the GPU.</summary>
    public const string Ordinal = "--device";

    /// <summary>Opens the device.</summary>
    /// <exception cref="ArgumentException">Two devices are chosen.</exception>
    /// <exception cref="CudaException">There is no such GPU, or it cannot be used.</exception>
    public static CudaComputeDevice Open(Arguments arguments)
    {
        arguments.AllowOneOf(Interpreter, Ordinal);
        return new CudaComputeDevice(arguments.Has(Interpreter)
            ? new PtxDriver(new PtxDriverOptions { Workers = Environment.ProcessorCount })
            : CudaDriver.Open(arguments.Integer(Ordinal, 0, 0, int.MaxValue)));
    }

    /// <summary>One line about a device.</summary>
    public static string Describe(CudaDeviceInfo device) =>
        $"{CudaDevices.NameOf(device.Ordinal)} {device.Name}, {device.Multiprocessors} multiprocessors, {device.MemoryBytes / 1e9:F1} GB, " +
        $"{device.FreeBytes / 1e9:F1} GB free, compute capability {device.Major}.{device.Minor}, CUDA {device.DriverVersion}";
}
