using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Transposes a matrix of 8 x 8 16-bit elements in a register.</summary>
internal sealed unsafe class TransposeMatrixInstruction(Slot target, Slot source) : Instruction
{
    /// <inheritdoc/>
    public override bool IsCollective => true;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        if (mask != uint.MaxValue)
        {
            throw warp.Fault(0, "The warp has less than 32 threads.");
        }

        ushort* copy = stackalloc ushort[64];
        new ReadOnlySpan<ushort>(warp.File + source.Offset, 64).CopyTo(new Span<ushort>(copy, 64));
        ushort* result = (ushort*)(warp.File + target.Offset);
        for (int row = 0; row < 8; row++)
        {
            for (int column = 0; column < 8; column++)
            {
                result[(8 * row) + column] = copy[(8 * column) + row];
            }
        }
    }
}
