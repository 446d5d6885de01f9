namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A caller that waits for a rule to end.</summary>
/// <param name="Return">Its state afterwards.</param>
/// <param name="Parent">Its own stack.</param>
internal readonly record struct Frame(RuleState Return, FrameStack Parent) : IComparable<Frame>
{
    public int CompareTo(Frame other)
        => Return.Id != other.Return.Id ? Return.Id.CompareTo(other.Return.Id) : Parent.Id.CompareTo(other.Parent.Id);
}
