using System.Text;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Any name but some, quotes included. As long as a name could still become one of those, its characters have one spelling only, so
/// that an escape cannot smuggle one in.
/// </summary>
/// <param name="names">Those that are not allowed.</param>
/// <param name="tail">Accepts the rest of a string, its closing quote included.</param>
internal sealed class OtherKeys(IEnumerable<string> names, Node tail) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int to = nfa.Add();
        string[] sorted = [.. names.Distinct()];
        Array.Sort(sorted, string.CompareOrdinal);
        Rune[][] spelled = [.. sorted.Select(static name => name.EnumerateRunes().ToArray())];
        var open = new Queue<(int State, int First, int End, int Depth)>();
        int free = nfa.Add();
        nfa.Skip(tail.Write(nfa, free), to);
        open.Enqueue((nfa.Read(from, (byte)'"', (byte)'"'), 0, spelled.Length, 0));
        while (open.TryDequeue(out (int State, int First, int End, int Depth) at))
        {
            int i = at.First;
            bool taken = false;
            List<(int, int)> next = [];
            while (i < at.End)
            {
                if (spelled[i].Length == at.Depth)
                {
                    taken = true;
                    i++;
                    continue;
                }

                int group = i + 1;
                int value = spelled[i][at.Depth].Value;
                while (group < at.End && spelled[group][at.Depth].Value == value)
                {
                    group++;
                }

                next.Add((value, value));
                open.Enqueue((JsonCode.Instance.Encode(CodePoints.One(value)).Write(nfa, at.State), i, group, at.Depth + 1));
                i = group;
            }

            if (!taken)
            {
                nfa.Read(at.State, (byte)'"', (byte)'"', to);
            }

            nfa.Skip(JsonCode.Instance.Encode(new CodePoints(next).Complement()).Write(nfa, at.State), free);
        }

        return to;
    }
}
