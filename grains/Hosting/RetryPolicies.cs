using HunyuanOrleans.Contracts.Grains;
using Polly;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>The retry policies of calls between grains.</summary>
internal static class RetryPolicies
{
    private const int PreparingRetries = 3;

    /// <summary>For calls to experts, which can be repeated at any time. Each attempt has a timeout.</summary>
    public static ResiliencePipeline ForExperts(HunyuanSiloOptions options)
    {
        ResiliencePipelineBuilder builder = new();
        if (options.ExpertCallRetries > 0)
        {
            builder.AddRetry(ExponentialRetry.Create(options.ExpertCallRetries, TransientErrors.IsTransient));
        }

        return builder.AddTimeout(options.ExpertCallTimeout).Build();
    }

    /// <summary>For calls that prepare a route. When they fail, the route is planned again.</summary>
    public static ResiliencePipeline ForPreparing() =>
        new ResiliencePipelineBuilder().AddRetry(ExponentialRetry.Create(PreparingRetries, TransientErrors.IsTransient)).Build();
}
