using HunyuanOrleans.Contracts.Grains;
using Polly;
using Polly.Timeout;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>The retry policies of calls between grains.</summary>
internal static class RetryPolicies
{
    private const int PreparingRetries = 3;

    private static readonly ResiliencePropertyKey<long> Bytes = new("hunyuan.bytes");

    /// <summary>For calls to experts, which can be repeated at any time. Each attempt has a timeout, which grows with the bytes of <see cref="ForBytes"/>.</summary>
    public static ResiliencePipeline ForExperts(HunyuanSiloOptions options, TimeProvider time)
    {
        ResiliencePipelineBuilder builder = new() { TimeProvider = time };
        if (options.ExpertCallRetries > 0)
        {
            builder.AddRetry(ExponentialRetry.Create(options.ExpertCallRetries, TransientErrors.IsTransient));
        }

        return builder.AddTimeout(new TimeoutStrategyOptions
        {
            TimeoutGenerator = call => ValueTask.FromResult(options.CallTimeout(call.Context.Properties.GetValue(Bytes, 0) * options.MessagesInFlight)),
        }).Build();
    }

    /// <summary>The context of a call that moves so many bytes there and back. The caller returns it to the pool.</summary>
    public static ResilienceContext ForBytes(long bytes, CancellationToken cancellationToken)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Bytes, bytes);
        return context;
    }

    /// <summary>For calls that prepare a route. When they fail, the route is planned again.</summary>
    public static ResiliencePipeline ForPreparing() =>
        new ResiliencePipelineBuilder().AddRetry(ExponentialRetry.Create(PreparingRetries, TransientErrors.IsTransient)).Build();
}
