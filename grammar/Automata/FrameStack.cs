namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// A node of a graph-structured stack: all callers that a rule may return to. Equal stacks of one <see cref="PushdownAutomaton"/> are
/// the same object.
/// </summary>
/// <param name="id">Unique id, which orders stacks.</param>
/// <param name="frames">The callers, ordered by their ids.</param>
/// <param name="hasBottom">True if the rule may also return to the bottom of the stack, which ends the text.</param>
internal sealed class FrameStack(int id, Frame[] frames, bool hasBottom)
{
    public int Id => id;

    public Frame[] Frames => frames;

    public bool HasBottom => hasBottom;
}
