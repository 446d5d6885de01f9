using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>A decoded instruction, which runs for the lanes of a warp. It has no state of its own: several warps run it at once.</summary>
internal abstract class Instruction
{
    /// <summary>Its text.</summary>
    public string Text { get; set; } = "";

    /// <summary>Its line in the module, from 1.</summary>
    public int Line { get; set; }

    /// <summary>Registers that it reads.</summary>
    public int[] Reads { get; set; } = [];

    /// <summary>Registers that it writes.</summary>
    public int[] Writes { get; set; } = [];

    /// <summary>The predicate that decides which lanes run it.</summary>
    public Slot Guard { get; set; }

    /// <summary>Whether there is such a predicate.</summary>
    public bool IsGuarded { get; set; }

    /// <summary>Whether the lanes run it whose predicate is false.</summary>
    public bool IsGuardNegated { get; set; }

    /// <summary>Whether lanes must run it together: <see cref="Members"/> says which.</summary>
    public virtual bool IsCollective => false;

    /// <summary>Lanes that must run it together.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="mask">Lanes that are there.</param>
    public virtual uint Members(Warp warp, uint mask) => warp.Existing;

    /// <summary>Runs it.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="mask">Lanes that run it, at least one.</param>
    public abstract void Execute(Warp warp, uint mask);
}
