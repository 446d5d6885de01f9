using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Kernels.Devices;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Sampling;

public sealed class SamplerRuleTests
{
    [Fact]
    public void Greedy_takes_the_largest_logit_and_of_equals_the_lowest_id()
    {
        Assert.Equal(2, Greedy([0, 1, 5, 5, -1], SamplingParams.Greedy));
        Assert.Equal(39, Greedy([.. Enumerable.Repeat(0f, 39), 1, 1, 0.5f], SamplingParams.Greedy));
        Assert.Equal(2, Greedy([0, 1, 5, 5, -1], new SamplingParams { Temperature = 1e-6f }));
    }

    [Fact]
    public void Bans_bias_and_masks_apply_before_the_selection()
    {
        float[] logits = [0, 1, 5, 4, -1];
        Assert.Equal(3, Greedy(logits, new SamplingParams { Temperature = 0, BannedTokens = [2] }));
        Assert.Equal(4, Greedy(logits, new SamplingParams { Temperature = 0, LogitBias = new Dictionary<int, float> { [4] = 100 } }));
        Assert.Equal(1, Greedy(logits, SamplingParams.Greedy, allowed: [0b00011]));
        Assert.Equal(66, Greedy([.. new float[66], -3, -2, -4], SamplingParams.Greedy, allowed: [0, 0b00100]));
    }

    [Fact]
    public void Forbidden_or_non_finite_logits_give_no_token()
    {
        foreach (SamplingParams parameters in (SamplingParams[])[SamplingParams.Greedy, SamplingParams.Default, new() { TopK = 2 }, new() { TopP = 0.5f }])
        {
            Assert.Equal(SampledToken.NoToken, Greedy([1, float.NaN, 2], parameters));
            Assert.Equal(SampledToken.NoToken, Greedy([1, 2, 3], parameters, allowed: [0]));
            Assert.Equal(SampledToken.NoToken, Greedy([1, float.PositiveInfinity, 3], parameters));
            Assert.Equal(0, Greedy([1, float.NegativeInfinity, float.NegativeInfinity], parameters));
        }
    }

    [Fact]
    public void Penalties_change_the_logits_as_documented()
    {
        var state = new SamplingState(
            new SamplingParams { Temperature = 0, RepetitionPenalty = 2, PresencePenalty = 0.5f, FrequencyPenalty = 0.25f }, 1, [0, 1], [1, 2, 2]);
        float[] logits = [4, -4, 4, 4];
        new Sampler(4).Sample(logits, state);

        // Only in the prompt: halved. Once in the answer: doubled since negative, minus 0.25 and 0.5. Twice: halved, minus 0.5 and 0.5.
        Assert.Equal([2f, -8.75f, 1f, 4f], logits);
    }

    [Fact]
    public void A_state_built_from_ids_equals_one_built_by_appending()
    {
        var random = new Random(4);
        SamplingParams parameters = new() { RepetitionPenalty = 1.2f, FrequencyPenalty = 0.3f };
        int[] prompt = [.. Enumerable.Range(0, 40).Select(_ => random.Next(3000))];
        int[] answer = [.. Enumerable.Range(0, 6000).Select(_ => random.Next(3000))];
        var grown = new SamplingState(parameters, 9, prompt, maxAnswer: 0);
        foreach (int id in answer)
        {
            grown.Append(id);
        }

        var built = new SamplingState(parameters, 9, prompt, answer);
        Assert.Equal(built.Position, grown.Position);
        Assert.Equal(prompt.Length + answer.Length, grown.Position);
        Assert.Equal(built.Counts!.Ids.ToArray(), grown.Counts!.Ids.ToArray());
        Assert.Equal(built.Counts.AnswerCounts.ToArray(), grown.Counts.AnswerCounts.ToArray());
        foreach ((int id, int count) in grown.Counts.Ids.ToArray().Zip(grown.Counts.AnswerCounts.ToArray()))
        {
            Assert.Equal(answer.Count(other => other == id), count);
        }
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_unmodified_logits()
    {
        var random = new Random(2);
        float[] logits = [.. Enumerable.Range(0, 3001).Select(_ => random.NextSingle() * 10)];
        double logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        int best = Array.IndexOf(logits, logits.Max());
        SamplingParams parameters = new() { Temperature = 0.5f, TopK = 50, BannedTokens = [best], LogProbabilities = 20, RepetitionPenalty = 1.5f };
        SampledToken token = new Sampler(logits.Length).Sample((float[])logits.Clone(), new SamplingState(parameters, 3, [.. Enumerable.Range(0, 3000)]));
        Assert.NotEqual(best, token.Id);
        Assert.Equal(logits[token.Id] - logSum, token.LogProbability, 1e-5);
        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(20)];
        Assert.Equal(order, token.Top!.Select(top => top.Id));
        Assert.All(token.Top!, top => Assert.Equal(logits[top.Id] - logSum, top.LogProbability, 1e-5));
        Assert.Null(new Sampler(3).Sample([1, 2, 3], new SamplingState(SamplingParams.Default, 1, [])).Top);
        Assert.Empty(new Sampler(3).Sample([1, 2, 3], new SamplingState(new SamplingParams { LogProbabilities = 0 }, 1, [])).Top!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(700)]
    [InlineData(5000)]
    public void The_top_k_are_the_largest_in_any_order_of_the_row(int k)
    {
        var random = new Random(k);
        float[] mixed = [.. Enumerable.Range(0, 5003).Select(_ => (float)random.Next(1000))];
        foreach (float[] row in (float[][])[mixed, [.. mixed.Order()], [.. mixed.OrderDescending()], new float[5003]])
        {
            int[] expected = [.. Enumerable.Range(0, row.Length).OrderByDescending(id => row[id]).ThenBy(id => id).Take(k)];
            Assert.Equal(expected, new TopKSelector().Select(row, k).ToArray().Select(SortKey.Id));
        }
    }

    private static int Greedy(float[] logits, SamplingParams parameters, ulong[]? allowed = null)
        => new Sampler(logits.Length).Sample([.. logits], new SamplingState(parameters, 1, []) { AllowedTokens = allowed }).Id;
}
