using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Goes on at the instruction that a register chooses from a list.</summary>
internal sealed class BranchIndexInstruction(Slot index, int[] targets) : Instruction
{
    /// <summary>Numbers of the instructions.</summary>
    public IReadOnlyList<int> Targets => targets;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0;)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong chosen = Lanes.Get(warp, index, lane);
            if (chosen >= (ulong)targets.Length)
            {
                throw warp.Fault(lane, $"The index {chosen} is not below {targets.Length}.");
            }

            uint same = 0;
            for (uint others = rest; others != 0; others &= others - 1)
            {
                int other = BitOperations.TrailingZeroCount(others);
                same |= Lanes.Get(warp, index, other) == chosen ? 1u << other : 0;
            }

            warp.Branch(same, targets[chosen]);
            rest &= ~same;
        }
    }
}
