using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Shards;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Steps;

/// <summary>What a silo with experts is sent.</summary>
public sealed class ExpertDispatchTests
{
    [Fact]
    public void A_token_that_goes_to_several_experts_of_a_silo_is_sent_once()
    {
        // Rows by expert: 0 has tokens 0 and 2, 1 has token 1, 2 has tokens 0, 1 and 2. Expert 1 is elsewhere.
        FakeRows rows = new([0, 2, 1, 0, 1, 2]);
        ExpertMessage message = Dispatch((0, 2, 0), (2, 3, 3)).Message(5, rows);
        Assert.Equal([2, 0, 3], message.Counts);
        Assert.Equal([0, 0, 2, 2, 1, 1], message.Rows.ToArray());
        Assert.Equal([0, 1, 0, 2, 1], message.Sources);
        Assert.Equal([0, 2, 0, 1, 2], message.Sources.Select(source => (int)message.Rows.ToArray()[source * FakeRows.Length]));
    }

    [Fact]
    public void Rows_of_different_tokens_are_sent_as_they_are()
    {
        ExpertMessage message = Dispatch((1, 1, 2), (2, 2, 3)).Message(5, new FakeRows([0, 2, 1, 0, 2]));
        Assert.Empty(message.Sources);
        Assert.Equal([1, 1, 0, 0, 2, 2], message.Rows.ToArray());
        message = Dispatch((0, 2, 0)).Message(5, new FakeRows([]));
        Assert.Empty(message.Sources);
        Assert.Equal([0, 0, 1, 1], message.Rows.ToArray());
    }

    [Fact]
    public void A_message_has_the_adapters_of_its_own_rows()
    {
        AdapterMessage[] adapters = [new("one", "01", "a"), new("two", "02", "b")];

        // Tokens 0 to 2 have no adapter, the first, and the second.
        FakeRows rows = new([0, 2, 1, 0, 1, 2]) { Adapters = adapters };
        ExpertMessage message = Dispatch((0, 2, 0), (2, 3, 3)).Message(5, rows);
        Assert.Equal(["two", "one"], message.Adapters!.Select(static adapter => adapter.Name));
        Assert.Equal([0, 1, 0, 2, 1], message.AdapterOfRow!);
        message = Dispatch((0, 1, 0), (2, 1, 3)).Message(5, rows);
        Assert.Null(message.Adapters);
        Assert.Null(message.AdapterOfRow);
        Assert.Null(Dispatch((0, 2, 0)).Message(5, new FakeRows([0, 2])).Adapters);
    }

    private static ExpertDispatch Dispatch(params (int Expert, int Count, int Row)[] parts)
    {
        ExpertDispatch dispatch = new([], 0, parts[0].Expert, 4);
        foreach ((int expert, int count, int row) in parts)
        {
            dispatch.Add(expert, count, row);
        }

        return dispatch;
    }

    /// <summary>Rows of two bytes, each the number of its token, or of the row if tokens are not known.</summary>
    private sealed class FakeRows(int[] tokens) : IExpertRowSource
    {
        public const int Length = 2;

        public int ExpertRowLength => Length;

        public ReadOnlySpan<int> RowTokens => tokens;

        public int Tokens => 3;

        public AdapterMessage[]? Adapters { get; init; }

        public int AdapterOf(int row) => tokens[row] % 3;

        public void CopyExpertRows(int row, int rows, RowBytes target, int to)
        {
            for (int i = 0; i < rows * Length; i++)
            {
                target.Write((to * Length) + i, [(byte)(tokens.Length == 0 ? row + (i / Length) : tokens[row + (i / Length)])]);
            }
        }
    }
}
