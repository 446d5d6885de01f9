using System.Collections.Concurrent;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using Orleans;
using Orleans.Hosting;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Rows and KV blocks that are too many for one message travel in several, and no token changes.</summary>
public sealed class MessageSizeTests
{
    private static readonly TestModel Model = new("tiny-cla");

    // One KV block, and 32 rows or more.
    private static readonly int MessageBytes = (int)Math.Max(Model.Options.CacheFormat.BlockBytes(Model.Config), 32L * Model.Config.HiddenSize * sizeof(float));

    [Fact]
    public async Task Rows_and_blocks_are_divided_and_no_token_changes()
    {
        GenerationRequest[] requests = TestRequests.Create(12, Model.VocabularySize, 300);
        int[][][] expected = await LocalReference.RunAsync(Model, requests);
        SentBytes sent = new();
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            3,
            Model,
            static (number, options) => options with
            {
                MessageBytes = MessageBytes,
                MessagesInFlight = 1 + (number % 2),
                Capacity = options.Capacity with { Role = number == 1 ? SiloRole.Experts : SiloRole.Any },
            },
            new ClusterSetup { ConfigureSilo = (_, silo) => silo.AddOutgoingGrainCallFilter(sent).AddIncomingGrainCallFilter(sent) });
        BackgroundLoad load = new(cluster.Model, requests, expected, requests.Length);
        ModelReport before = await cluster.Model.UntilAsync(static report => report.Statistics.AnswerTokens > 50);
        await cluster.AddAsync();
        await cluster.Model.UntilAsync(report => report.Version > before.Version && report.Switches > before.Switches);
        await load.StopAsync();
        Assert.True(load.Answers >= requests.Length, $"{load.Answers} answers");
        Assert.InRange(sent.Of(nameof(IAttentionShardGrain.TakeRowsAsync)), 1, MessageBytes);
        Assert.InRange(sent.Of(nameof(IAttentionShardGrain.ForwardAsync)), 1, MessageBytes);
    }

    [Fact]
    public void A_message_that_cannot_hold_one_row_or_block_is_refused_with_the_numbers()
    {
        HunyuanSiloOptions options = new()
        {
            Models = [Model.Settings],
            Capacity = new SiloCapacity { Name = "a", MemoryBytes = 1L << 30, MemoryBandwidth = 1e9 },
        };
        options.Validate();
        long block = Model.Options.CacheFormat.BlockBytes(Model.Config);
        string refused = Assert.Throws<ModelException>((options with { MessageBytes = 100 }).Validate).Message;
        Assert.Contains($"MessageBytes is 100; model tiny-cla", refused, StringComparison.Ordinal);
        Assert.Contains($"KV blocks of {block}", refused, StringComparison.Ordinal);
        Assert.Throws<ModelException>((options with { MessageBytes = HunyuanSiloOptions.MaxMessageBytes + 1 }).Validate);
    }

    [Fact]
    public void The_rows_of_an_expert_stay_together_if_they_fit()
    {
        ExpertTable table = new([PinnedKey.Of("m", new ExpertRange(0, 0, 0, 3), "a").ToString()], new LayerRange(0, 0));
        int[] Divide(int maxRows)
        {
            List<ExpertDispatch> dispatches = [];
            table.Plan(0, [2, 3, 0, 7], [false, false, false, false], maxRows, dispatches);
            return [.. dispatches.Select(static dispatch => dispatch.RowCount)];
        }

        Assert.Equal([12], Divide(12));
        Assert.Equal([5, 7], Divide(11));
        Assert.Equal([2, 3, 4, 3], Divide(4));
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], Divide(1));
    }

    [Fact]
    public void Rows_are_taken_with_their_step_only()
    {
        IncomingRows incoming = new(1);
        incoming.Add(new StepRowsMessage(1, 7, 2, RowBytes.Allocate(8)));
        incoming.Add(new StepRowsMessage(1, 7, 0, RowBytes.Allocate(16)));
        incoming.Add(new StepRowsMessage(1, 7, 0, RowBytes.Allocate(16)));
        incoming.Add(new StepRowsMessage(1, 8, 0, RowBytes.Allocate(8)));
        Assert.Equal([0, 2], incoming.Take(1, 7, 3, 8).Select(static rows => rows.FirstRow));
        Assert.Throws<RowsMissingException>(() => incoming.Take(1, 7, 3, 8));
        Assert.Throws<RowsMissingException>(() => incoming.Take(1, 8, 2, 8));
        incoming.Add(new StepRowsMessage(1, 8, 0, RowBytes.Allocate(8)));
        Assert.Throws<RowsMissingException>(() => incoming.Take(1, 8, 1, 8));
        Assert.Empty(incoming.Take(1, 9, 0, 8));
    }

    /// <summary>The largest array of rows or blocks that each method sent or returned.</summary>
    private sealed class SentBytes : IOutgoingGrainCallFilter, IIncomingGrainCallFilter
    {
        private readonly ConcurrentDictionary<string, int> _largest = new();

        public int Of(string method) => _largest.GetValueOrDefault(method);

        public Task Invoke(IOutgoingGrainCallContext context) => InvokeAsync(context);

        public Task Invoke(IIncomingGrainCallContext context) => InvokeAsync(context);

        private async Task InvokeAsync(IGrainCallContext context)
        {
            for (int i = 0; i < context.Request.GetArgumentCount(); i++)
            {
                Record(context.MethodName, context.Request.GetArgument(i));
            }

            await context.Invoke();
            Record(context.MethodName, context.Result);
        }

        private void Record(string method, object? value)
        {
            int bytes = value switch
            {
                StepMessage step => step.Rows?.Length ?? 0,
                StepRowsMessage rows => rows.Rows.Length,
                ExpertMessage message => message.Rows.Length,
                ExpertReply reply => reply.Rows.Length,
                _ => 0,
            };
            _largest.AddOrUpdate(method, bytes, (_, before) => Math.Max(before, bytes));
        }
    }
}
