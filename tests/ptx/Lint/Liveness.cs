using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Instructions;

namespace HunyuanOrleans.Ptx.Lint;

/// <summary>Finds where registers hold values that are still read.</summary>
internal static class Liveness
{
    /// <summary>The most 32-bit registers that hold values at once. Predicates do not count: they have registers of their own.</summary>
    public static int MaxRegisters(KernelProgram program)
    {
        RegisterSet[] before = [.. program.Code.Select(_ => new RegisterSet(program.Registers.Count))];
        bool isChanged = true;
        while (isChanged)
        {
            isChanged = false;
            for (int i = program.Code.Length - 1; i >= 0; i--)
            {
                RegisterSet live = After(program, before, i);
                Enter(program.Code[i], live);
                if (!before[i].IsSame(live))
                {
                    before[i] = live;
                    isChanged = true;
                }
            }
        }

        return Enumerable.Range(0, program.Code.Length).Max(i => Math.Max(Weight(program, before[i]), WeightWithResults(program, before, i)));
    }

    private static RegisterSet After(KernelProgram program, RegisterSet[] before, int index)
    {
        RegisterSet live = new(program.Registers.Count);
        foreach (int next in Successors(program, index))
        {
            live.Add(before[next]);
        }

        return live;
    }

    private static void Enter(Instruction instruction, RegisterSet live)
    {
        // A result under a predicate leaves the old value in some lanes.
        if (!instruction.IsGuarded)
        {
            foreach (int register in instruction.Writes)
            {
                live.Remove(register);
            }
        }
        else
        {
            live.Add(instruction.Guard.Index);
        }

        foreach (int register in instruction.Reads)
        {
            live.Add(register);
        }
    }

    private static IEnumerable<int> Successors(KernelProgram program, int index)
    {
        Instruction instruction = program.Code[index];
        IEnumerable<int> targets = instruction switch
        {
            BranchInstruction branch => [branch.Target],
            BranchIndexInstruction branch => branch.Targets,
            _ => [],
        };
        bool isLast = index + 1 == program.Code.Length;
        bool goesOn = instruction is not (BranchInstruction or BranchIndexInstruction or ExitInstruction) || instruction.IsGuarded;
        return goesOn && !isLast ? targets.Append(index + 1) : targets;
    }

    private static int WeightWithResults(KernelProgram program, RegisterSet[] before, int index)
    {
        RegisterSet live = After(program, before, index);
        foreach (int register in program.Code[index].Writes)
        {
            live.Add(register);
        }

        return Weight(program, live);
    }

    private static int Weight(KernelProgram program, RegisterSet live) =>
        live.Members.Sum(register => (program.Registers[register].Type.Size + 3) / 4);
}
