using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>An object: its named properties in their order, those not required perhaps left out, then any number of others.</summary>
/// <param name="properties">The named properties.</param>
/// <param name="additional">The others; null where there are none.</param>
internal sealed class ObjectNode(IReadOnlyList<NamedProperty> properties, AdditionalProperties? additional) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int end = nfa.Add(), behind = nfa.Add();
        int close = JsonGrammar.Space.Write(nfa, behind);
        nfa.Read(close, (byte)'}', (byte)'}', end);

        // At a name the next property may begin; one that is not required may be passed over.
        int first = JsonGrammar.Space.Write(nfa, nfa.Read(from, (byte)'{', (byte)'{'));
        int name = nfa.Add();
        nfa.Skip(first, name);
        if (!properties.Any(static property => property.Required))
        {
            nfa.Read(first, (byte)'}', (byte)'}', end);
        }

        int lastRequired = -1;
        for (int i = 0; i < properties.Count; i++)
        {
            lastRequired = properties[i].Required ? i : lastRequired;
        }

        for (int i = 0; i < properties.Count; i++)
        {
            NamedProperty property = properties[i];
            int colon = new BytesNode($"\"{JsonCode.Escape(property.Name)}\"").Write(nfa, name);
            int value = property.Value.Write(nfa, JsonGrammar.Colon.Write(nfa, colon));
            int next = JsonGrammar.Space.Write(nfa, nfa.Read(value, (byte)',', (byte)','));
            if (!property.Required)
            {
                nfa.Skip(name, next);
            }

            if (i >= lastRequired)
            {
                nfa.Skip(value, behind);
            }

            name = next;
        }

        if (additional is not null)
        {
            int read = additional.Value.Write(nfa, JsonGrammar.Colon.Write(nfa, additional.Key.Write(nfa, name)));
            nfa.Skip(JsonGrammar.Space.Write(nfa, nfa.Read(read, (byte)',', (byte)',')), name);
            nfa.Skip(read, behind);
        }

        return end;
    }
}
