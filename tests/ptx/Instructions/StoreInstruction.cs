using System.Numerics;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Ptx.Execution;
using HunyuanOrleans.Ptx.Memory;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Stores to global or shared memory.</summary>
internal sealed unsafe class StoreInstruction(Address address, Slot[] sources, Access access, bool isShared) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        int bytes = access.Bytes;
        SharedMemory shared = warp.Block.Shared;
        GlobalAccess global = warp.Block.Global;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong at = address.Of(warp, lane);
            byte* data = isShared ? shared.Write(warp, lane, at, bytes) : global.Write(warp, lane, at, bytes);
            for (int i = 0; i < sources.Length; i++)
            {
                access.Write(data + (i * access.Size), Lanes.Get(warp, sources[i], lane));
            }
        }

        long total = (long)BitOperations.PopCount(mask) * bytes;
        KernelStatistics counters = warp.Block.Counters;
        counters.SharedBytesWritten += isShared ? total : 0;
        counters.GlobalBytesWritten += isShared ? 0 : total;
    }
}
