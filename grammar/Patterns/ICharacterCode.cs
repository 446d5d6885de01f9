using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>How characters are written in bytes.</summary>
internal interface ICharacterCode
{
    /// <summary>Accepts one character of a set.</summary>
    Node Encode(CodePoints set);
}
