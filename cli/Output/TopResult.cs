namespace HunyuanOrleans.Cli.Output;

/// <summary>What top prints for machines.</summary>
/// <param name="Model">The model.</param>
/// <param name="Problem">Why it cannot compute now; null where it can.</param>
/// <param name="Home">Silo of its scheduler.</param>
/// <param name="Running">Answers in progress.</param>
/// <param name="Waiting">Answers that wait.</param>
/// <param name="KvUsed">KV blocks in use.</param>
/// <param name="KvBlocks">KV blocks in all.</param>
/// <param name="AnswerTokens">Tokens of answers so far.</param>
/// <param name="AnswerTokensPerSecond">The same per second, since the look before.</param>
/// <param name="Retries">Steps that were sent again.</param>
/// <param name="Replays">Answers that were computed again from their tokens.</param>
/// <param name="Silos">The silos.</param>
/// <param name="ExpertTokens">Tokens sent to each expert, [layer][expert].</param>
internal sealed record TopResult(
    string Model,
    string? Problem,
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

/// <summary>A silo as top shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Holds">What it holds, in words.</param>
/// <param name="WeightBytes">Bytes of weights.</param>
/// <param name="KvBytes">Bytes of KV memory.</param>
/// <param name="Sessions">Sessions with a cache there.</param>
/// <param name="Steps">Steps its shards computed.</param>
/// <param name="Answers">Whether it answered.</param>
internal sealed record TopSilo(string Name, string Holds, long WeightBytes, long KvBytes, int Sessions, long Steps, bool Answers);
