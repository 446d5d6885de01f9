using System.Text;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>
/// Accepts text that is free until a trigger comes. Then the trigger's continuation must follow, and after it the text is free again. The
/// automaton is that of Aho and Corasick over characters: a state is the longest end of the text that begins a trigger.
/// </summary>
/// <param name="tags">The triggers, none of them empty, with what must follow each. <see cref="GrammarNode.Nothing"/> forbids the trigger.</param>
/// <param name="single">True if the text ends with the first continuation.</param>
internal sealed class TaggedTextNode(IReadOnlyList<(string Trigger, GrammarNode Continuation)> tags, bool single) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int end = nfa.AddState();
        int[] continuations = [.. tags.Select(_ => nfa.AddState())];
        TrieNode root = BuildTrie(nfa);
        nfa.AddEpsilon(from, root.State);
        root.Suffix = root;
        Queue<TrieNode> pending = new([root]);
        while (pending.TryDequeue(out TrieNode? node))
        {
            foreach ((int character, TrieNode child) in node.Children)
            {
                // The shorter node comes first in this order, so its moves and its triggers are complete.
                child.Suffix = node == root ? root : node.Suffix.Moves.GetValueOrDefault(character, root);
                child.Triggers.AddRange(child.Suffix.Triggers);
                pending.Enqueue(child);
            }

            node.Moves = node == root ? new(root.Children) : new(node.Suffix.Moves);
            foreach ((int character, TrieNode child) in node.Children)
            {
                node.Moves[character] = child;
            }

            AppendNode(nfa, node, root, continuations, end);
        }

        for (int i = 0; i < continuations.Length; i++)
        {
            nfa.AddEpsilon(tags[i].Continuation.AppendTo(nfa, continuations[i]), single ? end : root.State);
        }

        return end;
    }

    private static void AppendNode(Nfa nfa, TrieNode node, TrieNode root, int[] continuations, int end)
    {
        if (node.Triggers.Count > 0)
        {
            foreach (int tag in node.Triggers)
            {
                nfa.AddEpsilon(node.State, continuations[tag]);
            }

            return;
        }

        nfa.AddEpsilon(node.State, end);
        foreach ((int character, TrieNode next) in node.Moves)
        {
            AppendCharacters(CodePointSet.Single(character), next);
        }

        AppendCharacters(new CodePointSet(node.Moves.Keys.Select(static character => (character, character))).Complement(), root);

        void AppendCharacters(CodePointSet set, TrieNode next)
            => nfa.AddEpsilon(Utf8CharacterEncoding.Instance.Encode(set).AppendTo(nfa, node.State), next.State);
    }

    private TrieNode BuildTrie(Nfa nfa)
    {
        TrieNode root = new(nfa.AddState());
        for (int i = 0; i < tags.Count; i++)
        {
            TrieNode node = root;
            foreach (Rune rune in tags[i].Trigger.EnumerateRunes())
            {
                if (!node.Children.TryGetValue(rune.Value, out TrieNode? child))
                {
                    child = new TrieNode(nfa.AddState());
                    node.Children.Add(rune.Value, child);
                }

                node = child;
            }

            node.Triggers.Add(i);
        }

        return root;
    }

    /// <summary>A beginning of triggers.</summary>
    private sealed class TrieNode(int state)
    {
        public int State => state;

        public Dictionary<int, TrieNode> Children { get; } = [];

        /// <summary>The indices of the triggers that end here.</summary>
        public List<int> Triggers { get; } = [];

        /// <summary>The node of the longest proper end of this node's text that begins a trigger.</summary>
        public TrieNode Suffix { get; set; } = null!;

        /// <summary>The node after each character that does not lead to the root.</summary>
        public Dictionary<int, TrieNode> Moves { get; set; } = [];
    }
}
