namespace HunyuanOrleans.Grammar.Automata;

/// <summary>Analyses all rules of a constraint. It runs after their automata are complete and before the first state is created.</summary>
internal static class RuleAnalyzer
{
    /// <summary>
    /// Determines which rules accept the empty text or nothing at all, removes dead ends, and ranks the rules topologically by the calls
    /// that they make before they read a byte.
    /// </summary>
    /// <param name="context">Holds the constraint's rules.</param>
    /// <exception cref="ConstraintException">A rule calls itself before it reads a byte (left recursion).</exception>
    public static void Run(GrammarContext context)
    {
        bool changed = true;
        while (changed)
        {
            changed = false;

            // Rules are created before the rules they call, so going backwards takes the fewest rounds.
            for (int i = context.Rules.Count - 1; i >= 0; i--)
            {
                changed |= context.Rules[i].UpdateFlags();
            }
        }

        foreach (Rule rule in context.Rules)
        {
            rule.Trim();
        }

        Rank(context);
    }

    private static void Rank(GrammarContext context)
    {
        var calls = new Dictionary<Rule, Rule[]>();
        var callers = new Dictionary<Rule, int>();
        foreach (Rule rule in context.Rules)
        {
            if (rule.Productive)
            {
                calls[rule] = [.. rule.InitialCalls()];
                callers.TryAdd(rule, 0);
                foreach (Rule callee in calls[rule])
                {
                    callers[callee] = callers.GetValueOrDefault(callee) + 1;
                }
            }
        }

        var ready = new Queue<Rule>(callers.Where(static pair => pair.Value == 0).Select(static pair => pair.Key));
        int rank = 0;
        while (ready.TryDequeue(out Rule? rule))
        {
            rule.Rank = rank++;
            foreach (Rule callee in calls[rule])
            {
                if (--callers[callee] == 0)
                {
                    ready.Enqueue(callee);
                }
            }
        }

        if (callers.FirstOrDefault(static pair => pair.Value > 0).Key is { } circular)
        {
            throw context.Error($"{circular.Name} refers to itself without anything in between; a recursive reference must be inside "
                + "an object's property or an array's item.");
        }
    }
}
