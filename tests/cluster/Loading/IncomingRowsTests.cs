using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Loading;

/// <summary>Rows that arrive ahead of their step.</summary>
public sealed class IncomingRowsTests
{
    private readonly IncomingRows _rows = new(1);

    [Fact]
    public void Rows_arrive_in_any_order_and_twice()
    {
        Add(1, 2);
        Add(1, 0);
        Add(1, 2);
        Add(1, 1);
        Assert.Equal([0, 1, 2], _rows.Take(1, 1, 3, 1).Select(static rows => rows.FirstRow));
    }

    [Fact]
    public void Rows_of_a_step_that_never_comes_are_dropped_when_later_ones_come()
    {
        Add(1, 0);
        Add(2, 0);
        Add(3, 0);
        Assert.Throws<RowsMissingException>(() => _rows.Take(1, 1, 1, 1));
        Assert.Single(_rows.Take(1, 2, 1, 1));
        Assert.Single(_rows.Take(1, 3, 1, 1));
    }

    [Fact]
    public void Rows_that_come_again_after_their_step_are_not_kept_and_those_of_an_earlier_one_are()
    {
        Assert.Empty(_rows.Take(1, 2, 0, 1));
        Add(1, 0);
        Add(2, 0);
        Assert.Throws<RowsMissingException>(() => _rows.Take(1, 2, 1, 1));
        Assert.Single(_rows.Take(1, 1, 1, 1));
    }

    private void Add(long step, int firstRow) => _rows.Add(new StepRowsMessage(1, step, firstRow, RowBytes.Allocate(1)));
}
