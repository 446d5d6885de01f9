namespace HunyuanOrleans.Cli.Drills;

/// <summary>The result of one round.</summary>
/// <param name="Action">The action.</param>
/// <param name="Silo">The name of the silo that was killed, stopped or added.</param>
/// <param name="Held">A description of what the silo held.</param>
/// <param name="Failed">Number of answers that failed during the round.</param>
/// <param name="Waits">The longest time that each stream waited for a token after the action.</param>
/// <param name="LongestGap">The longest wait of the whole round, which includes restoring the cluster.</param>
internal sealed record DrillRound(DrillAction Action, string Silo, string Held, int Failed, TimeSpan[] Waits, TimeSpan LongestGap);

/// <summary>The result of a drill.</summary>
/// <param name="Cluster">A description of the cluster.</param>
/// <param name="Rounds">The rounds.</param>
/// <param name="Answers">Number of answers that were compared.</param>
/// <param name="Tokens">Number of tokens in these answers.</param>
/// <param name="Failed">Number of answers that ended with an error.</param>
/// <param name="Unequal">Number of answers whose tokens differ from the undisturbed run.</param>
/// <param name="LongestGap">The longest time between two tokens of any stream.</param>
/// <param name="Problems">A description of the first problem of each stream that had one.</param>
internal sealed record DrillReport(
    string Cluster, IReadOnlyList<DrillRound> Rounds, int Answers, long Tokens, int Failed, int Unequal, TimeSpan LongestGap, IReadOnlyList<string> Problems)
{
    /// <summary>Whether no answer failed and all tokens equal those of the undisturbed run.</summary>
    public bool Passed => Failed == 0 && Unequal == 0 && Answers > 0;

    /// <summary>The median wait for a token after an action, over all rounds and streams.</summary>
    public TimeSpan MedianResume => Median([.. Rounds.SelectMany(static round => round.Waits)]);

    /// <summary>The median of times; for an even number of them, the larger of the two in the middle. Sorts the array.</summary>
    public static TimeSpan Median(TimeSpan[] times)
    {
        Array.Sort(times);
        return times.Length > 0 ? times[times.Length / 2] : TimeSpan.Zero;
    }
}
