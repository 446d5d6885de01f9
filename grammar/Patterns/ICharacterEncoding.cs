using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Encodes characters as bytes.</summary>
internal interface ICharacterEncoding
{
    /// <summary>Returns a node that accepts one character of a set.</summary>
    GrammarNode Encode(CodePointSet set);
}
