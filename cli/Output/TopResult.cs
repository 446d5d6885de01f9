namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>top</c>.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Problem">Why the model cannot compute at the moment; null if it can.</param>
/// <param name="Loading">How far the weights of the next plan are loaded; null while nothing is being loaded.</param>
/// <param name="Home">The silo that runs the scheduler.</param>
/// <param name="Running">Number of answers being generated.</param>
/// <param name="Waiting">Number of answers in the queue.</param>
/// <param name="KvUsed">K/V blocks in use.</param>
/// <param name="KvBlocks">All K/V blocks.</param>
/// <param name="AnswerTokens">Tokens generated so far.</param>
/// <param name="AnswerTokensPerSecond">Tokens generated per second since the previous sample.</param>
/// <param name="Retries">Number of steps that were sent again.</param>
/// <param name="Replays">Number of answers whose K/V was computed again from their tokens.</param>
/// <param name="Silos">The silos.</param>
/// <param name="ExpertTokens">Number of tokens sent to each expert, as [layer][expert].</param>
internal sealed record TopResult(
    string Model,
    string? Problem,
    TopLoading? Loading,
    string Home,
    int Running,
    int Waiting,
    int KvUsed,
    int KvBlocks,
    long AnswerTokens,
    double AnswerTokensPerSecond,
    long Retries,
    long Replays,
    TopSilo[] Silos,
    long[][] ExpertTokens);

/// <summary>How far weights are loaded, in the output of <c>top</c>.</summary>
/// <param name="TotalBytes">Bytes that were missing when loading began.</param>
/// <param name="BytesLeft">Bytes that are still missing.</param>
/// <param name="SecondsLeft">Seconds until the slowest silo is done, at the speed so far; null if that is not known.</param>
internal sealed record TopLoading(long TotalBytes, long BytesLeft, double? SecondsLeft);

/// <summary>A silo in the output of <c>top</c>.</summary>
/// <param name="Name">The silo's name.</param>
/// <param name="Holds">A description of the part of the model that the silo holds.</param>
/// <param name="BytesLeft">Bytes of weights that it still has to load.</param>
/// <param name="WeightBytes">Bytes of weights.</param>
/// <param name="KvBytes">Bytes of K/V memory.</param>
/// <param name="Sessions">Number of sessions with a cache on the silo.</param>
/// <param name="Steps">Number of steps that the silo's shards computed.</param>
/// <param name="Answers">Whether the silo responded.</param>
internal sealed record TopSilo(string Name, string Holds, long BytesLeft, long WeightBytes, long KvBytes, int Sessions, long Steps, bool Answers);
