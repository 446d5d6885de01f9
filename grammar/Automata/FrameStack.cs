namespace HunyuanOrleans.Grammar.Automata;

/// <summary>
/// Where a called rule returns to: one or several callers, each with a stack of its own, and perhaps the bottom, the end of the
/// whole text. Equal stacks of one <see cref="Pushdown"/> are one object.
/// </summary>
/// <param name="id">Orders stacks.</param>
/// <param name="frames">The callers, in order of their ids.</param>
/// <param name="bottom">Returning may also end the text.</param>
internal sealed class FrameStack(int id, Frame[] frames, bool bottom)
{
    public int Id => id;

    public Frame[] Frames => frames;

    public bool Bottom => bottom;
}
