using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Rows;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Rows;

public sealed class RoutedRowsTests(RowsDevice device) : IClassFixture<RowsDevice>
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 4, 2)]
    [InlineData(33, 16, 1)]
    [InlineData(300, 64, 8)]
    [InlineData(128, 16, 8)]
    [InlineData(129, 16, 8)]
    [InlineData(7, 192, 8)]
    [InlineData(5, 256, 32)]
    public void Tokens_get_their_largest_logits_and_rows_are_ordered_by_expert(int tokens, int experts, int k)
    {
        float[] logits = RowsDevice.Values(tokens * experts, 1);
        (int[] chosen, float[] weights) = Route(logits, tokens, experts, k, out CudaRoutedRows routed);
        using (routed)
        {
            for (int token = 0; token < tokens; token++)
            {
                ReadOnlySpan<float> row = logits.AsSpan(token * experts, experts);
                int[] expected = Largest(row, k);
                Assert.Equal(expected, chosen[(token * k)..((token + 1) * k)]);
                AssertWeights(row, expected, weights.AsSpan(token * k, k));
            }

            AssertOrder(routed, chosen, experts);
        }
    }

    [Fact]
    public void Nothing_stays_allocated_if_there_is_not_enough_memory() => FailedConstruction.LeavesNothing(
        (driver, stream, staging) => new CudaRoutedRows(driver, device.Loader, stream, staging, maxTokens: 100, maxTopK: 2, experts: 64));

    [Fact]
    public void Of_equal_logits_the_lower_expert_is_chosen()
    {
        float[] logits = [.. Enumerable.Repeat(1.5f, 70), 1, 1, .. Enumerable.Range(0, 72).Select(static e => e == 40 ? 2 : e % 2 == 0 ? 0f : -0f)];
        (int[] chosen, _) = Route(logits, 2, 72, 3, out CudaRoutedRows routed);
        routed.Dispose();
        Assert.Equal([0, 1, 2, 0, 1, 40], chosen);
    }

    [Fact]
    public void A_token_with_logits_that_are_not_numbers_still_gets_experts()
    {
        float[] all = [.. Enumerable.Repeat(float.NaN, 40)];
        float[] some = [.. Enumerable.Range(0, 40).Select(static e => e < 38 ? float.NaN : e)];
        float[] infinite = [.. Enumerable.Repeat(float.NegativeInfinity, 40)];
        (int[] chosen, float[] weights) = Route([.. all, .. some, .. infinite], 3, 40, 4, out CudaRoutedRows routed);
        using (routed)
        {
            Assert.Equal([0, 1, 2, 3, 0, 1, 38, 39, 0, 1, 2, 3], chosen);
            Assert.All(weights, static weight => Assert.True(float.IsNaN(weight)));
            AssertOrder(routed, chosen, 40);
        }
    }

    [Fact]
    public void A_token_routes_the_same_in_any_batch()
    {
        float[] logits = RowsDevice.Values(33 * 192, 2);
        (int[] chosen, float[] weights) = Route(logits, 33, 192, 8, out CudaRoutedRows together);
        together.Dispose();
        foreach (int token in new[] { 0, 6, 32 })
        {
            (int[] alone, float[] aloneWeights) = Route(logits[(token * 192)..((token + 1) * 192)], 1, 192, 8, out CudaRoutedRows routed);
            routed.Dispose();
            Assert.Equal(chosen[(token * 8)..((token + 1) * 8)], alone);
            Assert.Equal(weights[(token * 8)..((token + 1) * 8)], aloneWeights);
        }
    }

    [Fact]
    public void The_object_serves_steps_of_different_sizes()
    {
        using CudaRoutedRows routed = new(device.Driver, device.Loader, device.Stream, device.Staging, 400, 8, 16);
        foreach (int tokens in new[] { 400, 3, 200 })
        {
            using CudaActivation scores = device.Rows(RowsDevice.Values(tokens * 16, tokens), 16);
            routed.Route(scores, tokens, tokens == 3 ? 2 : 8);
            int[] chosen = new int[routed.Rows];
            routed.Experts.CopyOut(chosen);
            AssertOrder(routed, chosen, 16);
        }
    }

    [Fact]
    public void Steps_that_do_not_fit_are_refused()
    {
        using CudaRoutedRows routed = new(device.Driver, device.Loader, device.Stream, device.Staging, 4, 2, 16);
        using CudaActivation scores = device.Rows(8, 16);
        using CudaActivation narrow = device.Rows(8, 15);
        Assert.Throws<ArgumentOutOfRangeException>(() => routed.Route(scores, 5, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => routed.Route(scores, 0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => routed.Route(scores, 1, 17));
        Assert.Throws<ArgumentException>(() => routed.Route(narrow, 1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new CudaRoutedRows(device.Driver, device.Loader, device.Stream, device.Staging, 4, 2, 257));
    }

    private (int[] Experts, float[] Weights) Route(float[] logits, int tokens, int experts, int k, out CudaRoutedRows routed)
    {
        using CudaActivation scores = device.Rows(logits, experts);
        routed = new CudaRoutedRows(device.Driver, device.Loader, device.Stream, device.Staging, tokens, k, experts);
        routed.Route(scores, tokens, k);
        int[] chosen = new int[tokens * k];
        float[] weights = new float[tokens * k];
        routed.Experts.CopyOut(chosen);
        routed.Weights.CopyOut(weights);
        return (chosen, weights);
    }

    private static int[] Largest(ReadOnlySpan<float> row, int k)
    {
        float[] logits = row.ToArray();
        return [.. Enumerable.Range(0, row.Length).OrderByDescending(e => logits[e]).ThenBy(static e => e).Take(k).Order()];
    }

    private static void AssertWeights(ReadOnlySpan<float> row, int[] chosen, ReadOnlySpan<float> weights)
    {
        float[] logits = row.ToArray();
        double max = logits.Max();
        double all = logits.Sum(logit => Math.Exp(logit - max));
        double sum = chosen.Length == 1 ? all : chosen.Sum(e => Math.Exp(logits[e] - max));
        for (int i = 0; i < chosen.Length; i++)
        {
            double expected = Math.Exp(logits[chosen[i]] - max) / sum;
            Assert.True(Math.Abs(expected - weights[i]) <= expected * 1e-6, $"Expert {chosen[i]}: {expected}, {weights[i]}.");
        }
    }

    private static void AssertOrder(CudaRoutedRows routed, int[] chosen, int experts)
    {
        int[] order = [.. Enumerable.Range(0, chosen.Length).OrderBy(i => chosen[i])];
        int[] counts = new int[experts];
        int[] starts = new int[experts + 1];
        int[] rowOf = new int[chosen.Length];
        int[] tokenOf = new int[chosen.Length];
        routed.Counts.CopyOut(counts);
        routed.Starts.CopyOut(starts);
        routed.RowOf.CopyOut(rowOf);
        routed.TokenOf.CopyOut(tokenOf);
        Assert.Equal(Enumerable.Range(0, experts).Select(e => chosen.Count(c => c == e)), counts);
        Assert.Equal(Enumerable.Range(0, experts + 1).Select(e => chosen.Count(c => c < e)), starts);
        Assert.Equal(order.Select(i => i / routed.TopK), tokenOf);
        Assert.Equal(Enumerable.Range(0, chosen.Length), order.Select(i => rowOf[i]));
    }
}
