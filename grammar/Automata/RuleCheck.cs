namespace HunyuanOrleans.Grammar.Automata;

/// <summary>Looks at all rules of a constraint once their automata are complete, before the first state is made.</summary>
internal static class RuleCheck
{
    /// <summary>
    /// Finds out which rules accept nothing and which accept the empty text, drops dead ends and ranks the rules by who calls whom first.
    /// </summary>
    /// <param name="scope">The constraint's rules.</param>
    /// <exception cref="ConstraintException">A rule calls itself before it has read a byte.</exception>
    public static void Run(AutomatonScope scope)
    {
        bool news = true;
        while (news)
        {
            news = false;

            // Rules are made before those they call, so most is learnt in one round from the back.
            for (int i = scope.Rules.Count - 1; i >= 0; i--)
            {
                news |= scope.Rules[i].Learn();
            }
        }

        foreach (Rule rule in scope.Rules)
        {
            rule.Trim();
        }

        Rank(scope);
    }

    private static void Rank(AutomatonScope scope)
    {
        var calls = new Dictionary<Rule, Rule[]>();
        var callers = new Dictionary<Rule, int>();
        foreach (Rule rule in scope.Rules)
        {
            if (rule.Productive)
            {
                calls[rule] = [.. rule.FirstCalls()];
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
            throw scope.Error($"{circular.Name} refers to itself without anything in between; a recursive reference must be inside "
                + "an object's property or an array's item.");
        }
    }
}
