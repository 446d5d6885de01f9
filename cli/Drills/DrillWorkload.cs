using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>The requests of a drill, which differ in their lengths and in all sampling settings. A seed always gives the same requests.</summary>
internal sealed class DrillWorkload
{
    private const int MinRequests = 16, MaxRequests = 48, LongestPrompt = 160, ShortestAnswer = 48, LongestAnswer = 128;

    /// <summary>Creates the requests.</summary>
    /// <param name="config">The model's config.</param>
    /// <param name="streams">Number of requests that run at the same time.</param>
    /// <param name="seed">The seed of prompts, lengths and sampling seeds.</param>
    public DrillWorkload(ModelConfig config, int streams, int seed)
    {
        Random random = new(seed);
        int context = config.MaxPositions;
        int longestPrompt = Math.Clamp(context / 2, 1, LongestPrompt), longestAnswer = Math.Clamp(context / 4, 1, LongestAnswer);
        int shortestAnswer = Math.Min(ShortestAnswer, longestAnswer);
        Requests = [.. Enumerable.Range(0, Math.Clamp(streams, MinRequests, MaxRequests)).Select(i => new GenerationRequest
        {
            PromptIds = Ids(random, 1 + random.Next(longestPrompt), config.VocabSize),
            Sampling = Sampling(i, config.VocabSize) with { Seed = (ulong)random.NextInt64() },
            MaxTokens = shortestAnswer + random.Next(longestAnswer - shortestAnswer + 1),
            IgnoreEos = true,
        })];
    }

    /// <summary>The requests.</summary>
    public IReadOnlyList<GenerationRequest> Requests { get; }

    /// <summary>The largest number of tokens of a prompt and its answer together.</summary>
    public int LongestTokens => Requests.Max(static r => r.PromptIds.Length + r.MaxTokens!.Value);

    /// <summary>The index of the request that a stream sends at a turn. Streams start with different requests and send all of them.</summary>
    public int Next(int stream, int turn) => (stream + (turn * 7)) % Requests.Count;

    private static int[] Ids(Random random, int count, int vocabulary) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];

    private static SamplingParams Sampling(int kind, int vocabulary) => (kind % 6) switch
    {
        0 => SamplingParams.Greedy,
        1 => new() { Temperature = 0.7f, TopK = 20, TopP = 0.8f, RepetitionPenalty = 1.05f },
        2 => new() { Temperature = 1, TopP = 0.95f, PresencePenalty = 0.6f, FrequencyPenalty = 0.3f },
        3 => new() { Temperature = 1.3f, MinP = 0.05f, LogProbabilities = 2 },
        4 => new() { Temperature = 0, RepetitionPenalty = 1.2f, FrequencyPenalty = -0.2f },
        _ => new() { LogitBias = new Dictionary<int, float> { [1 % vocabulary] = 2, [2 % vocabulary] = -3 }, BannedTokens = [0] },
    };
}
