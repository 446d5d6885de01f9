namespace HunyuanOrleans.Cuda.Tests.Products;

/// <summary>bf16 as the upper half of float32, rounded to nearest, ties to even.</summary>
internal static class Bf16
{
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float Round(float value) => ToSingle(FromSingle(value));
}
