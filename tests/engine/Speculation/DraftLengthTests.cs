using HunyuanOrleans.Engine.Speculation;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Speculation;

public sealed class DraftLengthTests
{
    [Fact]
    public void Right_guesses_grow_to_the_longest_where_rows_are_almost_free()
    {
        DraftLength length = new();
        StepCost cost = Measured(static rows => 100 + rows);
        int chosen = 0;
        for (int step = 0; step < 20; step++)
        {
            chosen = length.Choose(16, 1, 1, cost, out _);
            length.Record(chosen, chosen);
        }

        Assert.Equal(16, chosen);
    }

    [Theory]
    [InlineData(0.5, 0.3, false)]
    [InlineData(0.5, 0.95, true)]
    [InlineData(0.02, 0.3, true)]
    [InlineData(1, 0.95, false)]
    public void Guesses_are_made_where_they_gain_more_than_their_rows_cost(double rowCost, double acceptance, bool pays)
    {
        DraftLength length = new();
        StepCost cost = Measured(rows => 100 * (1 + (rowCost * (rows - 1))));
        var random = new Random(1);
        int drafting = 0, rows = 0;
        for (int step = 0; step < 1000; step++)
        {
            int chosen = length.Choose(16, 1, 1, cost, out _);
            if (chosen > 0)
            {
                int accepted = 0;
                while (accepted < chosen && random.NextDouble() < acceptance)
                {
                    accepted++;
                }

                length.Record(chosen, accepted);
                drafting += step >= 200 ? 1 : 0;
                rows += step >= 200 ? chosen : 0;
            }
        }

        // What does not pay is tried about once in 64 steps, with a row or two.
        Assert.True(pays ? drafting > 700 : drafting is > 5 and < 80 && rows < 2 * drafting, $"{drafting} of 800 steps, {rows} rows");
    }

    [Fact]
    public void A_text_that_begins_to_repeat_is_noticed_at_the_next_trial()
    {
        DraftLength length = new();
        StepCost cost = Measured(static rows => 100 * (1 + (0.3 * (rows - 1))));
        int chosen = 0, trials = 0;
        for (int step = 0; step < 1000; step++)
        {
            chosen = length.Choose(16, 1, 1, cost, out _);
            if (chosen > 0)
            {
                length.Record(chosen, 0);
            }
        }

        for (int step = 0; step < 64 + 6; step++)
        {
            chosen = length.Choose(16, 1, 1, cost, out _);
            if (chosen > 0)
            {
                trials++;
                length.Record(chosen, chosen);
            }
        }

        Assert.True(chosen > 4, $"{chosen} tokens after {trials} right guesses");
    }

    [Fact]
    public void In_a_large_batch_a_row_must_gain_its_share_of_the_step()
    {
        StepCost flat = Measured(static _ => 100), linear = Measured(static rows => rows);
        DraftLength good = new();
        good.Record(16, 16);
        Assert.True(good.Choose(16, 64, 64, flat, out double gain) > 8);
        Assert.True(gain > 4);
        good.Choose(16, 64, 64, linear, out _);
        Assert.Equal(0, good.Choose(16, 64, 64, linear, out _));
    }

    [Fact]
    public void A_row_count_that_was_slow_once_is_tried_again()
    {
        StepCost cost = new();
        for (int step = 0; step < 3; step++)
        {
            cost.Record(1, 100);
            cost.Record(4, 1000);
        }

        Assert.True(cost.Estimate(4) > 900);
        Assert.InRange(cost.Estimate(2), 300, 500);
        for (int step = 0; step < 1000; step++)
        {
            cost.Record(1, 100);
        }

        Assert.True(cost.Estimate(4) < 130);
    }

    private static StepCost Measured(Func<int, double> time)
    {
        StepCost cost = new();
        for (int rows = 1; rows <= 160; rows++)
        {
            cost.Record(rows, time(rows));
            cost.Record(rows, time(rows));
        }

        return cost;
    }
}
