namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A caller of the current rule.</summary>
/// <param name="Return">The caller's state after the current rule ends.</param>
/// <param name="Parent">The caller's own stack.</param>
internal readonly record struct Frame(RuleState Return, FrameStack Parent) : IComparable<Frame>
{
    public int CompareTo(Frame other)
        => Return.Id != other.Return.Id ? Return.Id.CompareTo(other.Return.Id) : Parent.Id.CompareTo(other.Parent.Id);
}
