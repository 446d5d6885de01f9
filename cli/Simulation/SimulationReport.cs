namespace HunyuanOrleans.Cli.Simulation;

/// <summary>What a simulation showed. All times are simulated seconds.</summary>
/// <param name="Cluster">How the silos ran.</param>
/// <param name="Silos">The silos over time.</param>
/// <param name="LoadSeconds">From the start of all silos until the first route was usable.</param>
/// <param name="Runs">The runs, in order.</param>
/// <param name="Replans">What happened to silos, and what followed.</param>
/// <param name="Problems">Descriptions of the first problems.</param>
internal sealed record SimulationReport(
    string Cluster, IReadOnlyList<SiloHistory> Silos, double LoadSeconds, IReadOnlyList<SimulationRun> Runs, IReadOnlyList<SimulationReplan> Replans, IReadOnlyList<string> Problems)
{
    /// <summary>True if no request failed and all tokens were equal.</summary>
    public bool Passed => Runs.All(static run => run.Failed == 0 && run.Unequal == 0);

    /// <summary>The fraction of the last run in which a silo computed.</summary>
    public double Busy(SiloHistory silo) =>
        Runs.Count == 0 ? 0 : (silo.At(Runs[^1].End).Busy - silo.At(Runs[^1].Begin).Busy) / (Runs[^1].End - Runs[^1].Begin);
}

/// <summary>A run with one number of streams.</summary>
/// <param name="Streams">Number of streams.</param>
/// <param name="Begin">When it began.</param>
/// <param name="End">When its last answer ended.</param>
/// <param name="TokenTimes">When each token arrived, in order.</param>
/// <param name="TokensPerSecond">Tokens per second of all streams together, while answers were generated: from the last stream's first token to the first stream's last.</param>
/// <param name="FirstToken">Median time from request to first token.</param>
/// <param name="Failed">Number of answers that failed.</param>
/// <param name="Unequal">Number of answers with wrong tokens.</param>
/// <param name="LongestGap">The longest time between two tokens of an answer.</param>
/// <param name="CallsPerToken">Calls with rows between silos for each token, prompts included.</param>
/// <param name="BytesPerToken">Bytes of rows between silos for each token, prompts included.</param>
internal sealed record SimulationRun(
    int Streams,
    double Begin,
    double End,
    IReadOnlyList<double> TokenTimes,
    double TokensPerSecond,
    double FirstToken,
    int Failed,
    int Unequal,
    double LongestGap,
    double CallsPerToken,
    double BytesPerToken);

/// <summary>Something that happened to silos, and the plans after it.</summary>
/// <param name="Cause">What happened.</param>
/// <param name="At">When.</param>
/// <param name="BytesLost">Bytes of weights of the silos that ended.</param>
/// <param name="BytesMoved">Bytes of weights loaded until the next event.</param>
/// <param name="Seconds">Until the last change of the route after it.</param>
/// <param name="Silence">The longest time without a token on all streams together.</param>
/// <param name="PeakBytes">The most bytes in use on any silo until then.</param>
internal sealed record SimulationReplan(string Cause, double At, long BytesLost, long BytesMoved, double Seconds, double Silence, long PeakBytes);
