using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>
/// Loads one, two or four matrices of 8 x 8 16-bit elements from shared memory. Lanes 8m to 8m + 7 hold the addresses of the rows of matrix m. Each lane
/// gets two elements of a row, or of a column if it is transposed.
/// </summary>
internal sealed unsafe class LoadMatrixInstruction(Slot[] targets, Address address, bool isTransposed) : Instruction
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

        ushort** rows = stackalloc ushort*[32];
        for (int lane = 0; lane < 8 * targets.Length; lane++)
        {
            rows[lane] = (ushort*)warp.Block.Shared.Read(warp, lane, address.Of(warp, lane), 16);
        }

        for (int matrix = 0; matrix < targets.Length; matrix++, rows += 8)
        {
            uint* result = (uint*)(warp.File + targets[matrix].Offset);
            for (int lane = 0; lane < 32; lane++)
            {
                int row = lane / 4;
                int column = 2 * (lane % 4);
                result[lane] = isTransposed ? rows[column][row] | ((uint)rows[column + 1][row] << 16) : ((uint*)rows[row])[lane % 4];
            }
        }

        warp.Block.Counters.SharedBytesRead += 128 * targets.Length;
    }
}
