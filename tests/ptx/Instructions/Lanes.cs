using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Access to single lanes of registers of any width.</summary>
internal static unsafe class Lanes
{
    /// <summary>The bits of a lane.</summary>
    public static ulong Get(Warp warp, in Slot slot, int lane)
    {
        byte* at = warp.File + slot.Offset;
        return slot.Type.Size switch
        {
            2 => ((ushort*)at)[lane],
            4 => ((uint*)at)[lane],
            8 => ((ulong*)at)[lane],
            _ => *(uint*)at >> lane & 1,
        };
    }

    /// <summary>Sets the bits of a lane. Upper bits that do not fit are dropped.</summary>
    public static void Set(Warp warp, in Slot slot, int lane, ulong bits)
    {
        byte* at = warp.File + slot.Offset;
        switch (slot.Type.Size)
        {
            case 2:
                ((ushort*)at)[lane] = (ushort)bits;
                break;
            case 4:
                ((uint*)at)[lane] = (uint)bits;
                break;
            case 8:
                ((ulong*)at)[lane] = bits;
                break;
            default:
                *(uint*)at = (*(uint*)at & ~(1u << lane)) | ((uint)(bits & 1) << lane);
                break;
        }
    }

    /// <summary>The bits of a predicate.</summary>
    public static uint GetPredicate(Warp warp, in Slot slot) => *(uint*)(warp.File + slot.Offset);

    /// <summary>Sets a predicate in some lanes.</summary>
    public static void SetPredicate(Warp warp, in Slot slot, uint mask, uint bits)
    {
        uint* at = (uint*)(warp.File + slot.Offset);
        *at = (*at & ~mask) | (bits & mask);
    }
}
