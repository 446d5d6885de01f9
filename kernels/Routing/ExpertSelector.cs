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

    /// <inheritdoc/>
    public void Run(IActivation scores, IRoutedRows routed)
    {
        (_scores, _routed) = ((Activation)scores, (RoutedRows)routed);
        pool.Run(this, (_routed.Tokens + TokensPerUnit - 1) / TokensPerUnit);
        _routed.Order();
    }

    void IJob.Run(int unit, int worker)
    {
        int k = _routed.TopK;
        int end = Math.Min(_routed.Tokens, (unit + 1) * TokensPerUnit);
        for (int token = unit * TokensPerUnit; token < end; token++)
        {
            TopK.Choose(_scores.Row(token), _routed.Experts.AsSpan(token * k, k), _routed.Weights.AsSpan(token * k, k));
        }
    }
}
