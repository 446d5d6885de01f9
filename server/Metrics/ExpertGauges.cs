using System.Diagnostics.Metrics;
using HunyuanOrleans.Server.Cluster;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>How many tokens each expert was given, as an instrument. It shows what was last asked for with <see cref="RefreshAsync"/>.</summary>
internal sealed class ExpertGauges
{
    private readonly IClusterOverview _cluster;
    private volatile ClusterOverview? _last;

    /// <summary>Creates the instrument.</summary>
    public ExpertGauges(ServerMeter server, IClusterOverview cluster)
    {
        _cluster = cluster;
        server.Meter.CreateObservableCounter("hunyuan.expert.tokens", Read, "{token}", "Tokens sent to each expert of each layer.");
    }

    /// <summary>Asks the cluster. Where it does not answer, the numbers stay as they are.</summary>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            _last = await _cluster.ReadAsync(cancellationToken) ?? _last;
        }
        catch (TimeoutException)
        {
            // The next reader asks again.
        }
    }

    private IEnumerable<Measurement<long>> Read()
    {
        if (_last is not { Experts: > 1 } cluster)
        {
            yield break;
        }

        for (int i = cluster.FirstExpertLayer * cluster.Experts; i < cluster.ExpertTokens.Count; i++)
        {
            yield return new Measurement<long>(
                cluster.ExpertTokens[i],
                new KeyValuePair<string, object?>("layer", i / cluster.Experts),
                new KeyValuePair<string, object?>("expert", i % cluster.Experts));
        }
    }
}
