using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Accepts an object: its named properties in order, where optional ones may be missing, then any number of additional ones.
/// </summary>
/// <param name="properties">The named properties in order.</param>
/// <param name="additional">The additional properties; null if they are not allowed.</param>
/// <param name="space">Accepts the white space between properties.</param>
internal sealed class ObjectNode(IReadOnlyList<NamedProperty> properties, AdditionalProperties? additional, GrammarNode space) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int end = nfa.AddState(), afterValue = nfa.AddState();
        int close = JsonGrammar.WhiteSpace.AppendTo(nfa, afterValue);
        nfa.AddByteRange(close, (byte)'}', (byte)'}', end);

        // In the state "name" the next property may begin; an optional property may be skipped.
        int first = JsonGrammar.WhiteSpace.AppendTo(nfa, nfa.AddByteRange(from, (byte)'{', (byte)'{'));
        int name = nfa.AddState();
        nfa.AddEpsilon(first, name);
        if (!properties.Any(static property => property.Required))
        {
            nfa.AddByteRange(first, (byte)'}', (byte)'}', end);
        }

        int lastRequired = -1;
        for (int i = 0; i < properties.Count; i++)
        {
            lastRequired = properties[i].Required ? i : lastRequired;
        }

        for (int i = 0; i < properties.Count; i++)
        {
            NamedProperty property = properties[i];
            int colon = new LiteralNode($"\"{JsonCharacterEncoding.Escape(property.Name)}\"").AppendTo(nfa, name);
            int value = property.Value.AppendTo(nfa, JsonGrammar.Colon.AppendTo(nfa, colon));
            int next = space.AppendTo(nfa, nfa.AddByteRange(value, (byte)',', (byte)','));
            if (!property.Required)
            {
                nfa.AddEpsilon(name, next);
            }

            if (i >= lastRequired)
            {
                nfa.AddEpsilon(value, afterValue);
            }

            name = next;
        }

        if (additional is not null)
        {
            int read = additional.Value.AppendTo(nfa, JsonGrammar.Colon.AppendTo(nfa, additional.Key.AppendTo(nfa, name)));
            nfa.AddEpsilon(space.AppendTo(nfa, nfa.AddByteRange(read, (byte)',', (byte)',')), name);
            nfa.AddEpsilon(read, afterValue);
        }

        return end;
    }
}
