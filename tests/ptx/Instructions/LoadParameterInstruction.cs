using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Reads a parameter, which is the same in all lanes.</summary>
internal sealed class LoadParameterInstruction(Slot[] targets, int offset, int size, bool isSigned) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (int i = 0; i < targets.Length; i++)
        {
            ulong bits = 0;
            ReadOnlySpan<byte> bytes = warp.Block.Launch.Arguments.AsSpan(offset + (i * size), size);
            for (int j = size - 1; j >= 0; j--)
            {
                bits = (bits << 8) | bytes[j];
            }

            bits = isSigned ? (ulong)((long)(bits << (64 - (8 * size))) >> (64 - (8 * size))) : bits;
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                Lanes.Set(warp, targets[i], BitOperations.TrailingZeroCount(rest), bits);
            }
        }
    }
}
