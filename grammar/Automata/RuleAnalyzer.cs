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

        HashSet<Rule> left = [.. callers.Where(static pair => pair.Value > 0).Select(static pair => pair.Key)];
        if (left.Count > 0)
        {
            throw context.Error($"{FindCircular(left, calls).Name} refers to itself without anything in between (left recursion); something must "
                + "be read before a recursive reference, such as the name of an object's property or an array's [.");
        }
    }

    /// <summary>Returns a rule that calls itself, perhaps through others.</summary>
    /// <param name="left">The rules that are called by each other, and those that they call.</param>
    /// <param name="calls">The calls of each rule.</param>
    private static Rule FindCircular(HashSet<Rule> left, Dictionary<Rule, Rule[]> calls)
    {
        // Each of these rules has a caller among them, so going from rule to caller ends in a circle.
        HashSet<Rule> seen = [];
        Rule rule = left.First();
        while (seen.Add(rule))
        {
            rule = left.First(caller => calls[caller].Contains(rule));
        }

        return rule;
    }
}
