using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.TestSupport;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>How calls end: with a timeout, cancelled, or with an exception; what filters may do with them, and what collection leaves.</summary>
[Collection(nameof(RuntimeCluster))]
public sealed class CallTests(RuntimeCluster cluster)
{
    [Fact]
    public async Task A_reply_after_the_methods_response_timeout_is_a_timeout()
    {
        ICallGrain grain = cluster.Client.GetGrain<ICallGrain>("late");
        string gate = Gates.Create();
        await Assert.ThrowsAsync<TimeoutException>(() => grain.PassSoonAsync(gate));
        Gates.Open(gate);
        await TestCluster.RetryAsync(async () =>
        {
            await grain.PassSoonAsync(gate);
            return true;
        });
    }

    [Fact]
    public async Task Cancelling_ends_the_call_and_tells_the_grain()
    {
        ICallGrain grain = cluster.Client.GetGrain<ICallGrain>("cancelled");
        using CancellationTokenSource cancel = new();
        Task call = grain.WaitForeverAsync(cancel.Token);
        await Wait.UntilAsync(grain.CountBegunAsync, static begun => begun == 1);
        Assert.Equal(0, await grain.CountCancelledAsync());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Wait.UntilAsync(grain.CountCancelledAsync, static cancelled => cancelled == 1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.WaitForeverAsync(cancel.Token));
    }

    [Fact]
    public async Task An_outgoing_filter_may_drop_a_call_or_send_it_twice()
    {
        int calls = 0;
        await using TestCluster one = await TestCluster.StartAsync(1, new ClusterSetup
        {
            ConfigureClient = client =>
            {
                client.AddOutgoingGrainCallFilter(async context =>
                {
                    if (context.MethodName != nameof(ICallGrain.CountCallAsync))
                    {
                        await context.Invoke();
                        return;
                    }

                    switch (++calls)
                    {
                        case 1:
                            throw new TimeoutException("dropped");
                        case 2:
                            await context.Invoke();
                            await context.Invoke();
                            break;
                        default:
                            await context.Invoke();
                            break;
                    }
                });

                // As silos have it: another filter in the same chain.
                client.AddActivityPropagation();
            },
        });
        ICallGrain grain = one.Client.GetGrain<ICallGrain>("filtered");
        Assert.Equal("dropped", (await Assert.ThrowsAsync<TimeoutException>(grain.CountCallAsync)).Message);
        Assert.Equal(2, await grain.CountCallAsync());
        Assert.Equal(3, await grain.CountCallAsync());
    }

    [Fact]
    public async Task Exceptions_of_grains_keep_their_types()
    {
        IFailingGrain grain = cluster.Client.GetGrain<IFailingGrain>("calls");
        Assert.Equal("The step is stale.", (await Assert.ThrowsAsync<StaleStepException>(grain.ThrowStaleStepAsync)).Message);
        Assert.Equal("The session is unknown.", (await Assert.ThrowsAsync<UnknownSessionException>(grain.ThrowUnknownSessionAsync)).Message);
    }

    [Fact]
    public async Task An_exception_of_an_activation_reaches_the_caller()
    {
        IFailingGrain grain = cluster.Client.GetGrain<IFailingGrain>(FailingGrain.FailsToActivate);
        Assert.Equal("The activation failed.", (await Assert.ThrowsAsync<GrainCallException>(grain.ThrowStaleStepAsync)).Message);
    }

    [Fact]
    public async Task Idle_activations_are_collected_unless_they_are_kept_alive()
    {
        ICallGrain idle = cluster.Client.GetGrain<ICallGrain>("idle");
        IKeptGrain kept = cluster.Client.GetGrain<IKeptGrain>("kept");
        Location idleBefore = await idle.LocateAsync(), keptBefore = await kept.LocateAsync();
        await cluster.Client.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await Wait.UntilAsync(idle.LocateAsync, location => location.Activation != idleBefore.Activation);
        Assert.Equal(keptBefore, await kept.LocateAsync());
    }
}
