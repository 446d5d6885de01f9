using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>
/// Counts the tokens that a model in this process routes to each expert. Only the computing thread writes; any thread may read.
/// </summary>
internal sealed class ExpertCounter(ModelConfig config) : IForwardObserver
{
    private readonly long[] _tokens = new long[config.Experts > 1 ? config.Layers * config.Experts : 0];

    /// <summary>Returns the counts so far, at [layer * experts + expert].</summary>
    public long[] Read()
    {
        long[] copy = new long[_tokens.Length];
        for (int i = 0; i < copy.Length; i++)
        {
            copy[i] = Volatile.Read(ref _tokens[i]);
        }

        return copy;
    }

    /// <inheritdoc/>
    public void OnEmbedded(IActivation x, int tokens)
    {
    }

    /// <inheritdoc/>
    public void OnRouted(int layer, IActivation scores, IRoutedRows routed)
    {
        ReadOnlySpan<int> counts = routed.Counts;
        Span<long> row = _tokens.AsSpan(layer * counts.Length, counts.Length);
        for (int e = 0; e < counts.Length; e++)
        {
            row[e] += counts[e];
        }
    }

    /// <inheritdoc/>
    public void OnLayerFinished(int layer, IActivation x, int tokens)
    {
    }
}
