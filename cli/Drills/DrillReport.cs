namespace HunyuanOrleans.Cli.Drills;

/// <summary>What one round did, and what streams saw of it.</summary>
/// <param name="Action">What was done.</param>
/// <param name="Silo">To whom.</param>
/// <param name="Held">What that silo held, for people.</param>
/// <param name="Failed">Answers that failed during the round.</param>
/// <param name="Waits">How long each stream waited for its next token at the most, from the action on.</param>
/// <param name="LongestGap">The longest wait of the whole round: the action, and what restores the cluster after it.</param>
internal sealed record DrillRound(DrillAction Action, string Silo, string Held, int Failed, TimeSpan[] Waits, TimeSpan LongestGap);

/// <summary>What a drill gave.</summary>
/// <param name="Cluster">What the cluster ran on, for people.</param>
/// <param name="Rounds">The rounds.</param>
/// <param name="Answers">Answers that were compared.</param>
/// <param name="Tokens">Their tokens.</param>
/// <param name="Failed">Answers that ended with an error.</param>
/// <param name="Unequal">Answers with other tokens than undisturbed.</param>
/// <param name="LongestGap">The longest silence of any stream.</param>
/// <param name="Problems">What went wrong.</param>
internal sealed record DrillReport(
    string Cluster, IReadOnlyList<DrillRound> Rounds, int Answers, long Tokens, int Failed, int Unequal, TimeSpan LongestGap, IReadOnlyList<string> Problems)
{
    /// <summary>Nothing failed and all tokens are those of the undisturbed run.</summary>
    public bool Passed => Failed == 0 && Unequal == 0 && Answers > 0;

    /// <summary>Median over all rounds and streams of the wait for the next token.</summary>
    public TimeSpan MedianResume => Median([.. Rounds.SelectMany(static round => round.Waits)]);

    /// <summary>The median of some times; of an even number the upper one of the middle two.</summary>
    public static TimeSpan Median(TimeSpan[] times)
    {
        Array.Sort(times);
        return times.Length > 0 ? times[times.Length / 2] : TimeSpan.Zero;
    }
}
