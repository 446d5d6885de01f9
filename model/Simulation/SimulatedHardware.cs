using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>The speeds and the memory of a device that is simulated.</summary>
/// <param name="MemoryBytes">Bytes of memory for everything: weights, K/V, buffers of loads and of steps.</param>
/// <param name="BytesPerSecond">Bytes of its memory read per second.</param>
/// <param name="Bf16Operations">Multiplications and additions per second in bfloat16.</param>
/// <param name="Fp8Operations">The same in 8-bit floats.</param>
/// <param name="Int8Operations">The same in 8-bit integers.</param>
/// <param name="LoadBytesPerSecond">Bytes of weights per second that reach the device from disk or network, over all loads at once.</param>
public sealed record SimulatedHardware(
    long MemoryBytes, double BytesPerSecond, double Bf16Operations, double Fp8Operations, double Int8Operations, double LoadBytesPerSecond)
{
    /// <summary>Multiplications and additions per second with weights of a type. Float32 has half the rate of bfloat16.</summary>
    public double Operations(ElementType type) => type switch
    {
        ElementType.F32 => Bf16Operations / 2,
        ElementType.I8 or ElementType.I4 or ElementType.U4 or ElementType.U8 => Int8Operations,
        ElementType.F8E4M3 or ElementType.F8E4M3Block => Fp8Operations,
        _ => Bf16Operations,
    };
}
