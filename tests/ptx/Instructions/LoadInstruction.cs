using System.Numerics;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Memory;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Loads from global or shared memory.</summary>
internal sealed unsafe class LoadInstruction(Slot?[] targets, Address address, Access access, bool isShared, bool isConstant) : Instruction
{
    private readonly bool _isWords = access.Size == 4 && targets.All(static target => target is { Type.Size: 4 });
    private readonly int[] _offsets = [.. targets.Select(static target => target?.Offset ?? 0)];

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        int bytes = access.Bytes;
        int[] offsets = _offsets;
        byte* file = warp.File;
        SharedMemory shared = warp.Block.Shared;
        GlobalAccess global = warp.Block.Global;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong at = address.Of(warp, lane);
            byte* data = isShared ? shared.Read(warp, lane, at, bytes) : global.Read(warp, lane, at, bytes, isConstant);
            if (_isWords)
            {
                for (int i = 0; i < offsets.Length; i++)
                {
                    ((uint*)(file + offsets[i]))[lane] = ((uint*)data)[i];
                }

                continue;
            }

            for (int i = 0; i < targets.Length; i++)
            {
                if (targets[i] is { } target)
                {
                    Lanes.Set(warp, target, lane, access.Read(data + (i * access.Size)));
                }
            }
        }

        long total = (long)BitOperations.PopCount(mask) * bytes;
        KernelStatistics counters = warp.Block.Counters;
        counters.SharedBytesRead += isShared ? total : 0;
        counters.GlobalBytesRead += isShared ? 0 : total;
    }
}
