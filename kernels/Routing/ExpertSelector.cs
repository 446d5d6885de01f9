using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Routing;

/// <summary>Chooses the experts of a step's tokens with all workers. The object is reused between steps.</summary>
public sealed class ExpertSelector(WorkerPool pool) : IExpertSelector, IJob
{
    private const int TokensPerUnit = 32;
    private Activation _scores = null!;
    private RoutedRows _routed = null!;
    private SigmoidRouting? _sigmoid;
    private float[] _bias = [];

    /// <inheritdoc/>
    public void Run(IActivation scores, IRoutedRows routed, SigmoidRouting? sigmoid = null)
    {
        (_scores, _routed, _sigmoid) = ((Activation)scores, (RoutedRows)routed, sigmoid);
        _bias = sigmoid?.Bias is { } bias ? HostVector.Of(bias) : [];
        if (_bias.Length > 0 && _bias.Length != _scores.Columns)
        {
            throw new ArgumentException($"A bias of {_bias.Length} experts for scores of {_scores.Columns}.", nameof(sigmoid));
        }

        pool.Run(this, (_routed.Tokens + TokensPerUnit - 1) / TokensPerUnit);
        _routed.Order();
    }

    void IJob.Run(int unit, int worker)
    {
        int k = _routed.TopK;
        int end = Math.Min(_routed.Tokens, (unit + 1) * TokensPerUnit);
        for (int token = unit * TokensPerUnit; token < end; token++)
        {
            Span<int> experts = _routed.Experts.AsSpan(token * k, k);
            Span<float> weights = _routed.Weights.AsSpan(token * k, k);
            if (_sigmoid is { } sigmoid)
            {
                SigmoidTopK.Choose(_scores.Row(token), _bias, sigmoid.Normalises, sigmoid.Scale, experts, weights);
            }
            else
            {
                TopK.Choose(_scores.Row(token), experts, weights);
            }
        }
    }
}
