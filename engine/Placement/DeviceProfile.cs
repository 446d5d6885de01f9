using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>What a kind of device has, as its maker states it. It does not know how much of that a program reaches.</summary>
/// <param name="Name">Name, lower case.</param>
/// <param name="Description">What exactly is meant, for people.</param>
/// <param name="MemoryBytes">Memory of one device, in bytes.</param>
/// <param name="MemoryBandwidth">Bytes read per second.</param>
/// <param name="Bf16Operations">Dense bfloat16 multiplications and additions per second.</param>
/// <param name="Fp8Operations">The same in 8-bit floats; that of bfloat16 where the device has none.</param>
/// <param name="Int8Operations">The same in 8-bit integers.</param>
/// <param name="NetworkLatency">Seconds of a small call to another silo, there and back.</param>
/// <param name="NetworkBandwidth">Bytes per second to another silo.</param>
public sealed record DeviceProfile(
    string Name,
    string Description,
    long MemoryBytes,
    double MemoryBandwidth,
    double Bf16Operations,
    double Fp8Operations,
    double Int8Operations,
    double NetworkLatency,
    double NetworkBandwidth)
{
    /// <summary>Multiplications and additions per second on weights of a type; float32 counts half of bfloat16, 4-bit integers are multiplied as 8-bit ones.</summary>
    public double Operations(ElementType type) => type switch
    {
        ElementType.F32 => Bf16Operations / 2,
        ElementType.I8 or ElementType.I4 => Int8Operations,
        ElementType.F8E4M3 => Fp8Operations,
        _ => Bf16Operations,
    };
}
