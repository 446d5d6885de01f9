using System.Text;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Exactly these bytes.</summary>
internal sealed class BytesNode(byte[] bytes) : Node
{
    public BytesNode(string text)
        : this(Encoding.UTF8.GetBytes(text))
    {
    }

    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        foreach (byte value in bytes)
        {
            from = nfa.Read(from, value, value);
        }

        return from;
    }
}
