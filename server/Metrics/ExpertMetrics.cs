using System.Diagnostics.Metrics;
using HunyuanOrleans.Server.Cluster;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>An instrument for the tokens routed to each expert. It reports the counts that <see cref="RefreshAsync"/> read last.</summary>
internal sealed class ExpertMetrics
{
    /// <summary>The name of the instrument. It has one series per expert and layer.</summary>
    public const string TokensName = "hunyuan.expert.tokens";

    private readonly IClusterOverview _cluster;
    private volatile ClusterOverview? _last;

    /// <summary>Creates the instrument.</summary>
    public ExpertMetrics(ServerMetrics server, IClusterOverview cluster)
    {
        _cluster = cluster;
        server.Meter.CreateObservableCounter(TokensName, Read, "{token}", "Tokens sent to each expert of each layer.");
    }

    /// <summary>Reads the counts. If the cluster does not answer, the previous values stay.</summary>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            _last = await _cluster.ReadAsync(cancellationToken) ?? _last;
        }
        catch (TimeoutException)
        {
            // The next refresh tries again.
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
