using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Kernels.Isa;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>devices</c>.</summary>
/// <param name="Cpu">The processor.</param>
/// <param name="Cuda">The GPUs, in the order of their numbers.</param>
/// <param name="CudaProblem">Why there are no GPUs, or no more than these; null if there is no such reason.</param>
internal sealed record DevicesResult(DevicesProcessor Cpu, DevicesGpu[] Cuda, string? CudaProblem)
{
    /// <summary>Creates the output for this machine.</summary>
    /// <param name="found">Its GPUs.</param>
    public static DevicesResult Of(CudaDevices found) => new(
        new DevicesProcessor(
            "cpu",
            ProcessorName.Value,
            Environment.ProcessorCount,
            InstructionSets.Choose().ToString().ToLowerInvariant(),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
        [.. found.Devices.Select(DevicesGpu.Of)],
        found.Problem);
}

/// <summary>The processor in the output of <c>devices</c>.</summary>
/// <param name="Device">cpu.</param>
/// <param name="Name">The processor's name.</param>
/// <param name="Cores">Number of cores that this process may use.</param>
/// <param name="InstructionSet">The instruction set that the kernels use.</param>
/// <param name="MemoryBytes">Memory of the machine, or the limit of the container.</param>
internal sealed record DevicesProcessor(string Device, string Name, int Cores, string InstructionSet, long MemoryBytes);

/// <summary>A GPU in the output of <c>devices</c>.</summary>
/// <param name="Device">Its number, such as cuda:0.</param>
/// <param name="Name">Its name.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="FreeBytes">Memory that is free; null if the GPU cannot be used.</param>
/// <param name="Multiprocessors">Number of multiprocessors.</param>
/// <param name="ComputeCapability">The compute capability, such as 9.0.</param>
/// <param name="CudaVersion">The newest CUDA version that the driver supports.</param>
/// <param name="Problem">Why the GPU cannot be used; null if it can.</param>
internal sealed record DevicesGpu(
    string Device,
    string Name,
    long MemoryBytes,
    long? FreeBytes,
    int Multiprocessors,
    string ComputeCapability,
    string CudaVersion,
    string? Problem)
{
    /// <summary>Creates the output for a GPU.</summary>
    public static DevicesGpu Of(CudaDevice device)
    {
        CudaDeviceInfo info = device.Info;
        return new DevicesGpu(
            CudaDevices.NameOf(info.Ordinal),
            info.Name,
            info.MemoryBytes,
            device.Problem is null ? info.FreeBytes : null,
            info.Multiprocessors,
            $"{info.Major}.{info.Minor}",
            info.DriverVersion.ToString(),
            device.Problem);
    }
}
