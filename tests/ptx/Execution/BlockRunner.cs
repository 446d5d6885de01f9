using System.Numerics;
using System.Runtime.InteropServices;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Ptx.Instructions;
using HunyuanOrleans.Ptx.Memory;

namespace HunyuanOrleans.Ptx.Execution;

/// <summary>Executes the blocks of a launch one after the other on one thread.</summary>
internal sealed unsafe class BlockRunner : IDisposable
{
    private readonly Warp[] _warps;
    private readonly byte* _memory;
    private readonly int _warpBytes;

    /// <summary>Prepares it for a launch.</summary>
    public BlockRunner(Launch launch, DeviceMemory memory)
    {
        Launch = launch;
        Global = new GlobalAccess(memory);
        _warps = [.. Enumerable.Range(0, (launch.Threads + 31) / 32).Select(number => new Warp(this, number))];
        _warpBytes = (Program.FileBytes + (Program.Registers.Count * sizeof(uint)) + 127) / 128 * 128;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(_warpBytes * _warps.Length), 128);
        foreach (Warp warp in _warps)
        {
            WriteConstants(_memory + (warp.Number * _warpBytes));
        }
    }

    /// <summary>The launch.</summary>
    public Launch Launch { get; }

    /// <summary>The program.</summary>
    public KernelProgram Program => Launch.Program;

    /// <summary>The block that runs.</summary>
    public (int X, int Y, int Z) Index { get; private set; }

    /// <summary>Its shared memory.</summary>
    public SharedMemory Shared { get; } = new();

    /// <summary>Its accesses to device memory.</summary>
    public GlobalAccess Global { get; }

    /// <summary>What it did.</summary>
    public KernelStatistics Counters { get; } = new();

    /// <summary>Runs a block.</summary>
    public void Run(uint number)
    {
        (uint row, uint x) = Math.DivRem(number, (uint)Launch.Grid.X);
        (uint z, uint y) = Math.DivRem(row, (uint)Launch.Grid.Y);
        Index = ((int)x, (int)y, (int)z);
        Shared.Reset(Program.StaticSharedBytes + Launch.SharedBytes, Program.SharedGranule);
        Global.Reset(Launch.Tags, number, Launch.FindsGlobalRaces);
        foreach (Warp warp in _warps)
        {
            byte* memory = _memory + (warp.Number * _warpBytes);
            WriteSpecials(memory, warp.Number);
            warp.Start(Program, memory, Math.Min(32, Launch.Threads - (warp.Number * 32)));
        }

        int done = 0;
        while (done < _warps.Length)
        {
            done = 0;
            foreach (Warp warp in _warps)
            {
                done += warp.Run() == WarpState.Done ? 1 : 0;
            }

            if (done < _warps.Length)
            {
                Meet();
            }
        }

        foreach (Warp warp in _warps)
        {
            Counters.Instructions += warp.Executed;
            warp.Executed = 0;
        }
    }

    /// <summary>Whether a special register is known.</summary>
    public static bool HasSpecial(string name) => name is "%tid.x" or "%tid.y" or "%tid.z" or "%ntid.x" or "%ntid.y" or "%ntid.z"
        or "%ctaid.x" or "%ctaid.y" or "%ctaid.z" or "%nctaid.x" or "%nctaid.y" or "%nctaid.z" or "%laneid" or "%warpid";

    /// <summary>An error in an instruction.</summary>
    public PtxFault Fault(Instruction instruction, int thread, string reason) =>
        new(Program.Name, instruction.Text, instruction.Line, Index, thread, reason);

    /// <inheritdoc/>
    public void Dispose()
    {
        Shared.Dispose();
        NativeMemory.AlignedFree(_memory);
    }

    // All warps stopped, and at least one of them at a barrier.
    private void Meet()
    {
        Warp waiting = _warps.First(static warp => warp.Barrier >= 0);
        foreach (Warp warp in _warps)
        {
            if (warp.Live != warp.Existing)
            {
                int ended = (warp.Number * 32) + BitOperations.TrailingZeroCount(~warp.Live);
                throw waiting.Fault(0, $"Thread {ended} ended before this barrier.");
            }

            if (warp.Barrier != waiting.Barrier)
            {
                throw warp.Fault(0, $"Warp {waiting.Number} waits at the barrier {waiting.Barrier}, this one at {warp.Barrier}.");
            }
        }

        Shared.BlockBarrier();
    }

    private void WriteConstants(byte* file)
    {
        foreach ((int offset, int size, ulong bits) in Program.Constants)
        {
            for (int lane = 0; lane < 32; lane++)
            {
                new ReadOnlySpan<byte>(&bits, size).CopyTo(new Span<byte>(file + offset + (lane * size), size));
            }
        }
    }

    private void WriteSpecials(byte* file, int warp)
    {
        foreach ((string name, int offset) in Program.Specials)
        {
            uint* lanes = (uint*)(file + offset);
            for (int lane = 0; lane < 32; lane++)
            {
                lanes[lane] = Special(name, warp, lane);
            }
        }
    }

    private uint Special(string name, int warp, int lane) => (uint)(name switch
    {
        "%tid.x" => (warp * 32) + lane,
        "%ntid.x" => Launch.Threads,
        "%tid.y" or "%tid.z" => 0,
        "%ntid.y" or "%ntid.z" => 1,
        "%ctaid.x" => Index.X,
        "%ctaid.y" => Index.Y,
        "%ctaid.z" => Index.Z,
        "%nctaid.x" => Launch.Grid.X,
        "%nctaid.y" => Launch.Grid.Y,
        "%nctaid.z" => Launch.Grid.Z,
        "%laneid" => lane,
        "%warpid" => warp,
        _ => throw new InvalidOperationException(name),
    });
}
