using System.Text;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Accepts any property name except the given ones, including the quotes. While a name is a prefix of an excluded one, each character
/// has only one spelling, so that an excluded name cannot be written with escapes.
/// </summary>
/// <param name="names">The excluded names, unescaped.</param>
/// <param name="tail">Accepts the rest of a string, including its closing quote.</param>
internal sealed class OtherKeysNode(IEnumerable<string> names, GrammarNode tail) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int to = nfa.AddState();
        string[] sorted = [.. names.Distinct()];
        Array.Sort(sorted, string.CompareOrdinal);
        Rune[][] runes = [.. sorted.Select(static name => name.EnumerateRunes().ToArray())];
        var pending = new Queue<(int State, int First, int End, int Depth)>();
        int free = nfa.AddState();
        nfa.AddEpsilon(tail.AppendTo(nfa, free), to);
        pending.Enqueue((nfa.AddByteRange(from, (byte)'"', (byte)'"'), 0, runes.Length, 0));
        while (pending.TryDequeue(out (int State, int First, int End, int Depth) at))
        {
            int i = at.First;
            bool excluded = false;
            List<(int, int)> next = [];
            while (i < at.End)
            {
                if (runes[i].Length == at.Depth)
                {
                    excluded = true;
                    i++;
                    continue;
                }

                int group = i + 1;
                int value = runes[i][at.Depth].Value;
                while (group < at.End && runes[group][at.Depth].Value == value)
                {
                    group++;
                }

                next.Add((value, value));
                int child = JsonCharacterEncoding.Instance.Encode(CodePointSet.Single(value)).AppendTo(nfa, at.State);
                pending.Enqueue((child, i, group, at.Depth + 1));
                i = group;
            }

            if (!excluded)
            {
                nfa.AddByteRange(at.State, (byte)'"', (byte)'"', to);
            }

            nfa.AddEpsilon(JsonCharacterEncoding.Instance.Encode(new CodePointSet(next).Complement()).AppendTo(nfa, at.State), free);
        }

        return to;
    }
}
