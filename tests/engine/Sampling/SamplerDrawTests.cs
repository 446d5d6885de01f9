using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Sampling;

public sealed class SamplerDrawTests
{
    public static TheoryData<float, int, float, float> Filters => new()
    {
        { 1, 0, 1, 0 }, { 0.7f, 20, 0.6f, 0 }, { 1, 5, 1, 0 }, { 1, 0, 0.9f, 0 }, { 1.5f, 0, 0.5f, 0.05f }, { 0.8f, 0, 1, 0.1f },
        { 1, 150, 0.99f, 0.01f }, { 2, 1, 1, 0 }, { 1, 0, 0.0001f, 0 }, { 1, 5000, 1, 0 }, { 1, -1, 1, 1 },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Draws_follow_the_reference_probabilities(float temperature, int topK, float topP, float minP)
    {
        const int Vocabulary = 333, Draws = 40_000;
        var random = new Random(7);
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => random.NextSingle() * 5)];
        SamplingParams parameters = new() { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };
        Dictionary<int, double> expected = ReferenceSampling.Probabilities(logits, parameters);
        var sampler = new Sampler(Vocabulary);
        var state = new SamplingState(parameters, 99, []);
        int[] drawn = new int[Vocabulary];
        float[] row = new float[Vocabulary];
        for (int i = 0; i < Draws; i++)
        {
            logits.CopyTo(row, 0);
            int id = sampler.Sample(row, state).Id;
            drawn[id]++;
            state.Append(id);
        }

        for (int id = 0; id < Vocabulary; id++)
        {
            double p = expected.GetValueOrDefault(id);
            double sigma = Math.Sqrt(Draws * p * (1 - p));
            Assert.InRange(drawn[id], (Draws * p) - (6 * sigma) - 1e-6, (Draws * p) + (6 * sigma) + 1e-6);
        }
    }

    [Theory]
    [InlineData(0.1f, 0.9f)]
    [InlineData(1f, 0.9f)]
    [InlineData(4f, 0.6f)]
    [InlineData(0f, 0.5f)]
    public void Top_p_over_a_large_vocabulary_keeps_the_reference_tokens(float spread, float topP)
    {
        const int Vocabulary = 40_009;
        var random = new Random(3);
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => spread * (float)(random.NextDouble() + random.NextDouble() + random.NextDouble()))];
        SamplingParams parameters = new() { TopP = topP };
        HashSet<int> allowed = [.. ReferenceSampling.Probabilities(logits, parameters with { TopP = topP + 1e-4f }).Keys];
        var sampler = new Sampler(Vocabulary);
        var state = new SamplingState(parameters, 5, []);
        for (int i = 0; i < 300; i++)
        {
            int id = sampler.Sample((float[])logits.Clone(), state).Id;
            Assert.Contains(id, allowed);
            state.Append(id);
        }

        // Of equal logits, those with the lowest ids are kept.
        Assert.True(spread > 0 || allowed.Max() < (topP + 0.001) * Vocabulary);
    }

    [Fact]
    public void A_draw_depends_on_seed_and_position_only()
    {
        const int Vocabulary = 500;
        var random = new Random(1);
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => random.NextSingle() * 3)];
        float[] other = [.. logits.Reverse()];
        SamplingParams[] kinds = [SamplingParams.Default, new() { TopP = 0.9f }, new() { TopK = 40, LogProbabilities = 3 }, SamplingParams.Greedy];
        foreach (SamplingParams kind in kinds)
        {
            var busy = new Sampler(Vocabulary);
            for (int position = 0; position < 50; position++)
            {
                int[] prompt = new int[position];
                int alone = new Sampler(Vocabulary).Sample((float[])logits.Clone(), new SamplingState(kind, 42, prompt)).Id;
                foreach (SamplingParams neighbour in kinds)
                {
                    busy.Sample((float[])other.Clone(), new SamplingState(neighbour, 1, prompt));
                }

                Assert.Equal(alone, busy.Sample((float[])logits.Clone(), new SamplingState(kind, 42, prompt)).Id);
            }
        }
    }

    [Fact]
    public void Uniform_numbers_are_uniform_and_choices_differ()
    {
        double[] numbers = [.. Enumerable.Range(0, 100_000).Select(position => CounterRandom.Uniform(123, position))];
        Assert.All(numbers, number => Assert.InRange(number, 0, 0.9999999999999999));
        Assert.InRange(numbers.Average(), 0.495, 0.505);
        foreach (var bucket in numbers.GroupBy(number => (int)(number * 20)))
        {
            Assert.InRange(bucket.Count(), 4600, 5400);
        }

        Assert.Equal(7UL, CounterRandom.ForChoice(7, 0));
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(choice => CounterRandom.ForChoice(7, choice)).Distinct().Count());
    }

    [Fact]
    public void Drawing_allocates_nothing()
    {
        const int Vocabulary = 5000;
        var random = new Random(1);
        float[] logits = [.. Enumerable.Range(0, Vocabulary).Select(_ => random.NextSingle() * 3)];
        float[] row = new float[Vocabulary];
        SamplingParams[] kinds = [SamplingParams.Greedy, SamplingParams.Default, new() { TopP = 0.9f }, new() { TopK = 40, MinP = 0.01f, RepetitionPenalty = 1.1f }];
        SamplingState[] states = [.. kinds.Select(kind => new SamplingState(kind, 1, [1, 2, 3]))];
        var sampler = new Sampler(Vocabulary);
        long before = 0;
        for (int round = 0; round < 300; round++)
        {
            if (round == 100)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            foreach (SamplingState state in states)
            {
                logits.CopyTo(row, 0);
                state.Append(sampler.Sample(row, state).Id);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
