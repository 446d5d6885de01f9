using HunyuanOrleans.Bench.Checks;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class LogitsComparisonTests
{
    [Fact]
    public void The_largest_difference_of_all_rows_counts()
    {
        LogitsComparison found = LogitsComparison.Of([1f, 2f, 3f, 4f], [1f, 2.5f, 3f, 3.75f], vocabulary: 2);
        Assert.Equal((2, 0.5, 2, 2), (found.Rows, found.LargestDifference, found.SameTop, found.DifferentBits));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_logit_that_is_no_number_is_not_forgotten(int place)
    {
        float[] actual = [1f, 2f, 3f, 4f];
        actual[place] = float.NaN;
        Assert.Equal(double.NaN, LogitsComparison.Of([1f, 2f, 3f, 4f], actual, vocabulary: 2).LargestDifference);
    }
}
