using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Kernels.Devices;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Sampling;

/// <summary>A token sampled from the largest logits of a row is the one that is sampled from the whole row.</summary>
public sealed class LargestLogitsTests
{
    private const int Vocabulary = 700;
    private const int Most = 64;
    private const int Cases = 6000;

    private readonly Sampler _sampler = new(Vocabulary);

    [Fact]
    public void Random_settings_give_the_tokens_of_whole_rows()
    {
        Random random = new(17);
        int sampled = 0, asked = 0;
        for (int i = 0; i < Cases; i++)
        {
            float[] row = RandomRow(random);
            SamplingState state = RandomState(random);
            int count = _sampler.LargestFor(state, Most);
            if (count > 0)
            {
                asked++;
                LargestLogits largest = Largest(row, count);
                if (_sampler.TrySample(largest, state, out SampledToken token))
                {
                    sampled++;
                    Assert.Equal(_sampler.Sample(row, state).Id, token.Id);
                }
            }
        }

        // Most settings need no more, and most rows decide.
        Assert.InRange(asked, Cases / 3, Cases);
        Assert.InRange(sampled, asked / 2, asked);
    }

    [Fact]
    public void Settings_that_need_the_whole_row_get_it()
    {
        Assert.Equal(1, _sampler.LargestFor(State(new SamplingParams { Temperature = 0 }), Most));
        Assert.Equal(9, _sampler.LargestFor(State(new SamplingParams { Temperature = 1, TopK = 9, TopP = 0.5f, MinP = 0.1f }), Most));
        Assert.Equal(Most, _sampler.LargestFor(State(new SamplingParams { Temperature = 0, RepetitionPenalty = 1.05f }), Most));
        Assert.Equal(0, _sampler.LargestFor(State(new SamplingParams { Temperature = 0 }), most: 0));
        SamplingParams[] whole =
        [
            new() { Temperature = 1, TopK = 0 },
            new() { Temperature = 1, TopK = Most + 1 },
            new() { Temperature = 1, TopK = Vocabulary },
            new() { Temperature = 0, LogProbabilities = 0 },
            new() { Temperature = 0, RepetitionPenalty = 0.9f },
            new() { Temperature = 0, FrequencyPenalty = -1 },
            new() { Temperature = 0, PresencePenalty = -1 },
            new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [3] = 1 } },
        ];
        Assert.All(whole, parameters => Assert.Equal(0, _sampler.LargestFor(State(parameters), Most)));
    }

    [Fact]
    public void A_row_whose_largest_logits_do_not_decide_is_refused()
    {
        float[] row = new float[Vocabulary];
        (row[1], row[2], row[3]) = (3, 2, 1);
        SamplingState state = State(new SamplingParams { Temperature = 0, BannedTokens = [1, 2] });
        Assert.False(_sampler.TrySample(Largest(row, 2), state, out _));
        Assert.True(_sampler.TrySample(Largest(row, 3), state, out SampledToken token));
        Assert.Equal(3, token.Id);
        row[600] = float.NaN;
        Assert.False(_sampler.TrySample(Largest(row, 3), state, out _));
    }

    private static SamplingState State(SamplingParams parameters) => new(parameters, 5, [4, 5, 6], [7, 7]);

    private static LargestLogits Largest(float[] row, int count)
    {
        ulong[] keys = [.. Enumerable.Range(0, row.Length).Where(i => row[i] > float.NegativeInfinity).Select(i => SortKey.Of(row[i], i)).OrderDescending().Take(count)];
        Array.Resize(ref keys, count);
        return new LargestLogits(keys, LogitVectors.Max(row));
    }

    // Few distinct values make ties; some rows have zeros of both signs, values that are not finite, or few logits at all.
    private static float[] RandomRow(Random random)
    {
        float[] row = new float[Vocabulary];
        float step = random.Next(3) switch { 0 => 0.5f, 1 => 0.01f, _ => 8 };
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = MathF.Round(((float)random.NextDouble() - 0.6f) * 20 / step) * step;
        }

        switch (random.Next(8))
        {
            case 0:
                row.AsSpan(random.Next(20)).Fill(float.NegativeInfinity);
                break;
            case 1:
                row[random.Next(Vocabulary)] = float.PositiveInfinity;
                break;
            case 2:
                row[random.Next(Vocabulary)] = float.NaN;
                break;
            case 3:
                row.AsSpan().Replace(8, -0f);
                break;
        }

        return row;
    }

    private static SamplingState RandomState(Random random)
    {
        int[] Ids(int most) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => random.Next(Vocabulary)).Distinct()];
        bool Sometimes() => random.Next(4) == 0;
        SamplingParams parameters = new()
        {
            Temperature = random.Next(4) == 0 ? 0 : 0.3f + (float)random.NextDouble(),
            TopK = random.Next(6) == 0 ? 0 : 1 + random.Next(50),
            TopP = Sometimes() ? 1 : 0.3f + (0.7f * (float)random.NextDouble()),
            MinP = Sometimes() ? 0.05f : 0,
            RepetitionPenalty = Sometimes() ? 1.05f : 1,
            FrequencyPenalty = Sometimes() ? 0.5f : 0,
            PresencePenalty = Sometimes() ? 0.25f : 0,
            LogitBias = Sometimes() ? Ids(20).ToDictionary(static id => id, id => (float)(id % 7) - 6) : null,
            BannedTokens = Sometimes() ? Ids(30) : null,
        };
        SamplingState state = new(parameters, (ulong)random.NextInt64(), Ids(100), Ids(100));
        if (Sometimes())
        {
            state.ForbiddenTokens = Ids(5);
        }

        if (Sometimes())
        {
            ulong[] allowed = new ulong[random.Next(1, (Vocabulary / 64) + 2)];
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(allowed.AsSpan()));
            state.AllowedTokens = allowed;
        }

        return state;
    }
}
