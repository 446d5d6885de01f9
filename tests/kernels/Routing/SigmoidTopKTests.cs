using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Routing;

/// <summary>Experts chosen by sigmoids with a bias.</summary>
public sealed class SigmoidTopKTests
{
    [Theory]
    [InlineData(1, 16, true)]
    [InlineData(8, 192, true)]
    [InlineData(8, 192, false)]
    [InlineData(6, 6, true)]
    public void The_bias_chooses_and_does_not_weigh(int topK, int count, bool normalises)
    {
        Random random = new(topK + count);
        const float Scale = 2.826f;
        for (int round = 0; round < 200; round++)
        {
            float[] logits = [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 8) - 4))];
            float[] bias = [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 0.6) - 0.3))];
            int[] experts = new int[topK];
            float[] weights = new float[topK];
            SigmoidTopK.Choose(logits, bias, normalises, Scale, experts, weights);
            double[] scores = [.. logits.Select(static z => 1 / (1 + Math.Exp(-z)))];
            int[] expected = [.. Enumerable.Range(0, count).OrderByDescending(e => scores[e] + bias[e]).Take(topK).Order()];
            Assert.Equal(expected, experts);
            double sum = normalises ? expected.Sum(e => scores[e]) : 1;
            for (int i = 0; i < topK; i++)
            {
                Assert.Equal(scores[expected[i]] / sum * Scale, weights[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Ties_choose_the_lower_number_and_extremes_stay_finite()
    {
        int[] experts = new int[2];
        float[] weights = new float[2];
        SigmoidTopK.Choose([1, 1, 1, 1], [], true, 1, experts, weights);
        Assert.Equal([0, 1], experts);
        Assert.Equal([0.5f, 0.5f], weights);
        SigmoidTopK.Choose([-200, -200, -300], [0, 0, 1], true, 1, experts, weights);
        Assert.Equal([0, 2], experts);
        Assert.Equal([0f, 0f], weights);
        SigmoidTopK.Choose([float.NaN, 1, 2], [], true, 1, experts, weights);
        Assert.Equal(2, experts.Distinct().Count());
    }

    [Fact]
    public void A_step_of_many_tokens_is_chosen_token_by_token()
    {
        const int Tokens = 70, Experts = 12, Top = 3;
        using WorkerPool pool = new(2, pin: false);
        using Activation scores = new(Tokens, Experts, ElementType.F32);
        using RoutedRows routed = new(Tokens, Top, Experts);
        Random random = new(5);
        float[] bias = [.. Enumerable.Range(0, Experts).Select(_ => (float)random.NextDouble())];
        for (int token = 0; token < Tokens; token++)
        {
            for (int e = 0; e < Experts; e++)
            {
                scores.Row(token)[e] = (float)((random.NextDouble() * 4) - 2);
            }
        }

        routed.Begin(Tokens, Top);
        new ExpertSelector(pool).Run(scores, routed, new SigmoidRouting(new HostVector(bias), Normalises: true, 1.5f));
        for (int token = 0; token < Tokens; token++)
        {
            int[] experts = new int[Top];
            float[] weights = new float[Top];
            SigmoidTopK.Choose(scores.Row(token), bias, true, 1.5f, experts, weights);
            Assert.Equal(experts, routed.ExpertsOf(token).ToArray());
            Assert.Equal(weights, routed.WeightsOf(token).ToArray());
        }

        Assert.Throws<ArgumentException>(() => new ExpertSelector(pool).Run(scores, routed, new SigmoidRouting(new HostVector(new float[5]), true, 1)));
    }
}
