using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>Requests that differ in length, sampling and penalties. They are the same in every run.</summary>
internal static class TestRequests
{
    public static GenerationRequest[] Create(int count, int vocabularySize, int maxTokens = 24)
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, count).Select(i => new GenerationRequest
        {
            PromptIds = Enumerable.Range(0, 3 + random.Next(90)).Select(_ => random.Next(vocabularySize)).ToArray(),
            Sampling = (i % 3) switch
            {
                0 => SamplingParams.Greedy,
                1 => new SamplingParams { Temperature = 1, TopP = 0.9f, Seed = (ulong)(100 + i) },
                _ => new SamplingParams { Temperature = 0.8f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.3f, Seed = (ulong)(100 + i) },
            },
            MaxTokens = maxTokens,
            IgnoreEos = true,
        })];
    }
}
