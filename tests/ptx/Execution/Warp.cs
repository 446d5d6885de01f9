using System.Numerics;
using HunyuanOrleans.Ptx.Instructions;

namespace HunyuanOrleans.Ptx.Execution;

/// <summary>
/// Executes 32 lanes. Lanes have program counters of their own; the lanes with the smallest one run together until they meet others. Lanes that come to an
/// instruction for several lanes wait for the others, and it is a fault if those cannot come.
/// </summary>
internal sealed unsafe class Warp(BlockRunner block, int number)
{
    private readonly int[] _counters = new int[32];
    private Instruction[] _code = [];
    private Instruction _current = null!;
    private uint* _written;
    private uint _waiting;
    private int _counter;
    private int _stop;

    /// <summary>The block.</summary>
    public BlockRunner Block { get; } = block;

    /// <summary>Number of the warp in its block.</summary>
    public int Number { get; } = number;

    /// <summary>Values of registers and constants.</summary>
    public byte* File { get; private set; }

    /// <summary>Lanes that are threads of the block.</summary>
    public uint Existing { get; private set; }

    /// <summary>Lanes that have not ended.</summary>
    public uint Live { get; private set; }

    /// <summary>Lanes that run now.</summary>
    public uint Active { get; private set; }

    /// <summary>The barrier that the warp waits at.</summary>
    public int Barrier { get; private set; }

    /// <summary>Time of the last barrier of the warp alone.</summary>
    public ulong BarrierTime { get; set; }

    /// <summary>Copies to shared memory that are not done.</summary>
    public PendingCopies Copies { get; } = new();

    /// <summary>Instructions that ran.</summary>
    public long Executed { get; set; }

    /// <summary>Begins with the first instruction.</summary>
    /// <param name="program">The program.</param>
    /// <param name="memory">Memory for the registers.</param>
    /// <param name="lanes">Number of lanes that are threads.</param>
    public void Start(KernelProgram program, byte* memory, int lanes)
    {
        _code = program.Code;
        File = memory;
        _written = (uint*)(memory + program.FileBytes);
        new Span<uint>(_written, program.Registers.Count).Clear();
        Existing = lanes == 32 ? uint.MaxValue : (1u << lanes) - 1;
        Live = Existing;
        Active = Existing;
        BarrierTime = 0;
        Copies.Clear();
        _waiting = 0;
        _counter = 0;
        _stop = int.MaxValue;
    }

    /// <summary>Runs until all lanes have ended or wait at a barrier of the block.</summary>
    public WarpState Run()
    {
        Barrier = -1;
        while (true)
        {
            if (_counter >= _stop)
            {
                if (Live == 0)
                {
                    return WarpState.Done;
                }

                Regroup();
            }

            Instruction instruction = _code[_counter];
            _current = instruction;
            uint mask = Active;
            if (instruction.IsGuarded)
            {
                CheckWritten(instruction.Guard.Index, mask);
                uint predicate = *(uint*)(File + instruction.Guard.Offset);
                mask &= instruction.IsGuardNegated ? ~predicate : predicate;
            }

            if (mask == 0)
            {
                _counter++;
                continue;
            }

            if (instruction.IsCollective)
            {
                mask = Gather(instruction, mask);
                if (mask == 0)
                {
                    continue;
                }
            }

            foreach (int register in instruction.Reads)
            {
                CheckWritten(register, mask);
            }

            _counter++;
            if (++Executed > Block.Launch.MaxInstructions)
            {
                throw Fault(BitOperations.TrailingZeroCount(mask), $"The warp ran {Block.Launch.MaxInstructions} instructions in one block and did not end.");
            }

            instruction.Execute(this, mask);
            foreach (int register in instruction.Writes)
            {
                _written[register] |= mask;
            }

            if (Barrier >= 0)
            {
                return WarpState.AtBarrier;
            }
        }
    }

    /// <summary>Lets lanes go on at another instruction, while the other active lanes go on at the next one.</summary>
    public void Branch(uint mask, int target)
    {
        if (mask == Active)
        {
            _counter = target;
            return;
        }

        Store(Active & ~mask, _counter);
        Store(mask, target);
        Active = 0;
        _stop = 0;
    }

    /// <summary>Ends lanes.</summary>
    public void Exit(uint mask)
    {
        Live &= ~mask;
        Active &= ~mask;
        if (Active == 0)
        {
            _stop = 0;
        }
    }

    /// <summary>Stops at a barrier of the block after this instruction.</summary>
    public void StopAtBarrier(int barrier) => Barrier = barrier;

    /// <summary>An error in the instruction that runs.</summary>
    /// <param name="lane">The lane, or the first one of several.</param>
    /// <param name="reason">A sentence.</param>
    public PtxFault Fault(int lane, string reason) => Block.Fault(_current, (Number * 32) + lane, reason);

    // The lanes that run the instruction, or none if some have to be waited for.
    private uint Gather(Instruction instruction, uint mask)
    {
        uint here = 0;
        for (uint rest = _waiting; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            here |= _counters[lane] == _counter ? 1u << lane : 0;
        }

        _waiting &= ~here;
        Active |= here;
        mask |= here;
        uint members = instruction.Members(this, mask);
        if ((mask & ~members) != 0)
        {
            throw Fault(BitOperations.TrailingZeroCount(mask & ~members), "The lane runs an instruction whose mask does not have it.");
        }

        if (mask == members)
        {
            return mask;
        }

        Store(mask, _counter);
        _waiting |= mask;
        Store(Active & ~mask, _counter + 1);
        Active = 0;
        _stop = 0;
        _counter = 0;
        return 0;
    }

    private void Regroup()
    {
        Store(Active, _counter);
        uint runnable = Live & ~_waiting;
        if (runnable == 0)
        {
            int first = BitOperations.TrailingZeroCount(_waiting);
            _current = _code[_counters[first]];
            throw Fault(first, "Not all lanes of the mask come to an instruction that they must run together.");
        }

        int smallest = int.MaxValue;
        for (uint rest = runnable; rest != 0; rest &= rest - 1)
        {
            smallest = Math.Min(smallest, _counters[BitOperations.TrailingZeroCount(rest)]);
        }

        Active = 0;
        _stop = int.MaxValue;
        for (uint rest = runnable; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            if (_counters[lane] == smallest)
            {
                Active |= 1u << lane;
            }
            else
            {
                _stop = Math.Min(_stop, _counters[lane]);
            }
        }

        _counter = smallest;
    }

    private void Store(uint lanes, int counter)
    {
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            _counters[BitOperations.TrailingZeroCount(rest)] = counter;
        }
    }

    private void CheckWritten(int register, uint mask)
    {
        uint missing = mask & ~_written[register];
        if (missing != 0)
        {
            throw Fault(BitOperations.TrailingZeroCount(missing), $"The register {Block.Program.Registers[register].Name} was never written.");
        }
    }
}
