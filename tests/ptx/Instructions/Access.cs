using System.Runtime.CompilerServices;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>What an access to memory moves.</summary>
/// <param name="Size">Bytes of an element.</param>
/// <param name="Count">Elements.</param>
/// <param name="IsSigned">Whether an element is extended with its sign.</param>
internal readonly record struct Access(int Size, int Count, bool IsSigned)
{
    /// <summary>Bytes of a lane.</summary>
    public int Bytes => Size * Count;

    /// <summary>Reads an element.</summary>
    public unsafe ulong Read(byte* at) => Size switch
    {
        1 => IsSigned ? (ulong)*(sbyte*)at : *at,
        2 => IsSigned ? (ulong)Unsafe.ReadUnaligned<short>(at) : Unsafe.ReadUnaligned<ushort>(at),
        4 => IsSigned ? (ulong)Unsafe.ReadUnaligned<int>(at) : Unsafe.ReadUnaligned<uint>(at),
        _ => Unsafe.ReadUnaligned<ulong>(at),
    };

    /// <summary>Writes an element.</summary>
    public unsafe void Write(byte* at, ulong bits)
    {
        switch (Size)
        {
            case 1:
                *at = (byte)bits;
                break;
            case 2:
                Unsafe.WriteUnaligned(at, (ushort)bits);
                break;
            case 4:
                Unsafe.WriteUnaligned(at, (uint)bits);
                break;
            default:
                Unsafe.WriteUnaligned(at, bits);
                break;
        }
    }
}
