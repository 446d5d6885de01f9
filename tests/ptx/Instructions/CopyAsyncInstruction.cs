using System.Numerics;
using HunyuanOrleans.Ptx.Driver;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Starts a copy from global to shared memory. What is not copied of the target becomes zero.</summary>
/// <param name="shared">The target.</param>
/// <param name="global">The source.</param>
/// <param name="size">Bytes of the target.</param>
/// <param name="count">Bytes to copy, or null for all.</param>
internal sealed unsafe class CopyAsyncInstruction(Address shared, Address global, int size, Slot? count) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        Span<byte> buffer = stackalloc byte[16];
        KernelStatistics counters = warp.Block.Counters;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong to = shared.Of(warp, lane);
            ulong from = global.Of(warp, lane);
            ulong bytes = count is { } slot ? Lanes.Get(warp, slot, lane) : (ulong)size;
            if (bytes > (ulong)size)
            {
                throw warp.Fault(lane, $"{bytes} bytes are to be copied into {size}.");
            }

            if ((from & (ulong)(size - 1)) != 0)
            {
                throw warp.Fault(lane, $"Address 0x{from:x} is not aligned to {size} bytes.");
            }

            buffer.Clear();
            for (int i = 0; i < (int)bytes;)
            {
                int part = bytes == (ulong)size ? size : 1;
                new ReadOnlySpan<byte>(warp.Block.Global.Read(warp, lane, from + (ulong)i, part, false), part).CopyTo(buffer[i..]);
                i += part;
            }

            warp.Block.Shared.BeginCopy(warp, lane, to, size);
            warp.Copies.Add(lane, (uint)to, buffer[..size]);
            counters.GlobalBytesRead += (long)bytes;
            counters.SharedBytesWritten += size;
        }
    }
}
