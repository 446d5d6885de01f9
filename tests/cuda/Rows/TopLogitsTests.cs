using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Rows;
using HunyuanOrleans.Kernels.Devices;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Rows;

public sealed class TopLogitsTests(RowsDevice device) : IClassFixture<RowsDevice>
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 8)]
    [InlineData(2, 1000, 40)]
    [InlineData(1, 1024, 256)]
    [InlineData(7, 1025, 3)]
    [InlineData(1, 17000, 200)]
    [InlineData(2, 2049, 1)]
    public void The_largest_logits_come_first_and_of_equal_ones_the_lower_index(int rows, int vocabulary, int count)
    {
        // Few distinct values make ties within and across segments.
        float[] logits = [.. RowsDevice.Values(rows * vocabulary, 1).Select(static value => MathF.Round(value * 40) / 4)];
        LargestLogits[] summaries = Select(logits, rows, vocabulary, count);
        for (int row = 0; row < rows; row++)
        {
            float[] values = logits[(row * vocabulary)..((row + 1) * vocabulary)];
            int[] expected = [.. Enumerable.Range(0, vocabulary).OrderByDescending(i => values[i]).ThenBy(static i => i).Take(count)];
            ulong[] keys = summaries[row].Keys.ToArray();
            Assert.Equal(expected, keys.Select(SortKey.Id));
            Assert.Equal(expected.Select(i => values[i]), keys.Select(SortKey.Value));
            Assert.Equal(values.Max(), summaries[row].Max);
        }
    }

    [Fact]
    public void Nothing_stays_allocated_if_there_is_not_enough_memory() => FailedConstruction.LeavesNothing(
        (driver, stream, staging) => new TopLogits(driver, device.Loader, stream, staging, maxRows: 2, vocabulary: 10_000, maxCount: 30));

    [Fact]
    public void Forbidden_logits_are_left_out()
    {
        float[] logits = new float[3000];
        Array.Fill(logits, float.NegativeInfinity);
        (logits[2999], logits[5], logits[1500]) = (-3, -7, -3);
        LargestLogits summary = Select(logits, 1, 3000, 10)[0];
        Assert.Equal([1500, 2999, 5], summary.Keys.ToArray().Select(SortKey.Id));
        Assert.Equal(-3, summary.Max);
        Assert.True(summary.IsWholeRow);
    }

    [Fact]
    public void Both_zeros_are_the_same_value()
    {
        LargestLogits largest = Select([-1, -0f, 0, -0f, -2], 1, 5, 3)[0];
        Assert.Equal([1, 2, 3], largest.Keys.ToArray().Select(SortKey.Id));
        Assert.Equal([SortKey.Of(-0f, 1), SortKey.Of(0, 2), SortKey.Of(-0f, 3)], largest.Keys.ToArray());
        Assert.False(largest.IsWholeRow);
    }

    [Fact]
    public void A_row_without_a_logit_above_minus_infinity_has_no_keys()
    {
        float[] logits = new float[1500];
        Array.Fill(logits, float.NegativeInfinity);
        LargestLogits summary = Select(logits, 1, 1500, 4)[0];
        Assert.True(summary.Keys.IsEmpty);
        Assert.Equal(float.NegativeInfinity, summary.Max);
    }

    [Fact]
    public void The_maximum_shows_that_a_row_has_a_logit_that_is_not_a_number()
    {
        float[] logits = RowsDevice.Values(2 * 2500, 2);
        logits[1234] = float.NaN;
        LargestLogits[] summaries = Select(logits, 2, 2500, 4);
        Assert.True(float.IsNaN(summaries[0].Max));
        Assert.DoesNotContain(1234, summaries[0].Keys.ToArray().Select(SortKey.Id));
        Assert.True(float.IsFinite(summaries[1].Max));
    }

    [Fact]
    public void A_row_has_the_same_bits_in_any_batch_and_for_any_count()
    {
        float[] logits = RowsDevice.Values(3 * 2500, 3);
        LargestLogits[] together = Select(logits, 3, 2500, 100);
        LargestLogits alone = Select(logits[5000..], 1, 2500, 7)[0];
        Assert.Equal(together[2].Keys[..7].ToArray(), alone.Keys.ToArray());
        Assert.Equal(together[2].Max, alone.Max);
    }

    [Fact]
    public void Requests_that_do_not_fit_are_refused()
    {
        using TopLogits top = new(device.Driver, device.Loader, device.Stream, device.Staging, 2, 100, 16);
        using CudaActivation logits = device.Rows(3, 100);
        using CudaActivation narrow = device.Rows(3, 99);
        Assert.Throws<ArgumentOutOfRangeException>(() => top.Select(logits, 3, 1, new LargestLogits[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => top.Select(logits, 1, 17, new LargestLogits[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => top.Select(logits, 1, 0, new LargestLogits[1]));
        Assert.Throws<ArgumentException>(() => top.Select(narrow, 1, 1, new LargestLogits[1]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new TopLogits(device.Driver, device.Loader, device.Stream, device.Staging, 1, 100, 257));
    }

    private LargestLogits[] Select(float[] logits, int rows, int vocabulary, int count)
    {
        using CudaActivation values = device.Rows(logits, vocabulary);
        using TopLogits top = new(device.Driver, device.Loader, device.Stream, device.Staging, rows, vocabulary, count);
        LargestLogits[] result = new LargestLogits[rows];
        top.Select(values, rows, count, result);
        return result;
    }
}
