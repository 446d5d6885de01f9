using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>An address operand: a register or number, and an offset in bytes.</summary>
internal readonly unsafe record struct Address(Slot Base, long Offset)
{
    /// <summary>The address of a lane.</summary>
    public ulong Of(Warp warp, int lane)
    {
        byte* at = warp.File + Base.Offset;
        return Base.Type.Size == 4 ? ((uint*)at)[lane] + (uint)Offset : ((ulong*)at)[lane] + (ulong)Offset;
    }
}
