using System.Text;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Accepts exactly the given bytes.</summary>
internal sealed class LiteralNode(byte[] bytes) : GrammarNode
{
    public LiteralNode(string text)
        : this(Encoding.UTF8.GetBytes(text))
    {
    }

    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        foreach (byte value in bytes)
        {
            from = nfa.AddByteRange(from, value, value);
        }

        return from;
    }
}
