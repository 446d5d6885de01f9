using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Simulation;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>The data sheet of a kind of device: its peak figures, not what programs reach.</summary>
/// <param name="Name">Name in lower case.</param>
/// <param name="Description">The exact product, for display.</param>
/// <param name="MemoryBytes">Memory of one device, in bytes.</param>
/// <param name="MemoryBandwidth">Bytes read per second.</param>
/// <param name="Bf16Operations">Dense bfloat16 multiplications and additions per second.</param>
/// <param name="Fp8Operations">The same in 8-bit floats; equal to that of bfloat16 if the device lacks them.</param>
/// <param name="Int8Operations">The same in 8-bit integers.</param>
/// <param name="NetworkLatency">Round-trip time of a small call to another silo, in seconds.</param>
/// <param name="NetworkBandwidth">Bytes per second to another silo.</param>
/// <param name="LoadBandwidth">Bytes of weights per second from disk or network to the device.</param>
public sealed record DeviceProfile(
    string Name,
    string Description,
    long MemoryBytes,
    double MemoryBandwidth,
    double Bf16Operations,
    double Fp8Operations,
    double Int8Operations,
    double NetworkLatency,
    double NetworkBandwidth,
    double LoadBandwidth)
{
    /// <summary>
    /// Multiplications and additions per second with weights of a type. Float32 has half the rate of bfloat16; 4-bit integers are
    /// multiplied as 8-bit integers.
    /// </summary>
    public double Operations(ElementType type) => type switch
    {
        ElementType.F32 => Bf16Operations / 2,
        ElementType.I8 or ElementType.I4 or ElementType.U4 or ElementType.U8 => Int8Operations,
        ElementType.F8E4M3 or ElementType.F8E4M3Block => Fp8Operations,
        _ => Bf16Operations,
    };

    /// <summary>The figures of this device for a simulation.</summary>
    /// <param name="memoryBytes">Bytes of memory.</param>
    public SimulatedHardware Simulated(long memoryBytes) => new(memoryBytes, MemoryBandwidth, Bf16Operations, Fp8Operations, Int8Operations, LoadBandwidth);
}
