using System.Buffers.Binary;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Stored bytes to float32, exactly. Plain code for vectors and single rows; matrices are packed by kernels.</summary>
internal static class StoredFloats
{
    public static void Convert(ReadOnlySpan<byte> source, ElementType type, Span<float> destination)
    {
        switch (type)
        {
            case ElementType.F32:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]);
                }

                break;
            case ElementType.F16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
                }

                break;
            case ElementType.BF16:
                for (int i = 0; i < destination.Length; i++)
                {
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Only F32, F16 and BF16 are plain floats.");
        }
    }
}
