using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Computes with predicates, all lanes at once.</summary>
internal sealed class PredicateInstruction(Slot target, Slot[] sources, Func<uint, uint, uint> function) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        uint second = sources.Length > 1 ? Lanes.GetPredicate(warp, sources[1]) : 0;
        Lanes.SetPredicate(warp, target, mask, function(Lanes.GetPredicate(warp, sources[0]), second));
    }
}
