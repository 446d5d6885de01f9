using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>Chooses the experts of a step's tokens with all workers. The object is reused between steps.</summary>
internal sealed class ExpertSelector(WorkerPool pool) : IJob
{
    private const int TokensPerUnit = 32;
    private Activation _scores = null!;
    private RoutedRows _routed = null!;

    /// <summary>Writes the experts and weights of every token to <paramref name="routed"/>.</summary>
    public void Run(Activation scores, RoutedRows routed)
    {
        (_scores, _routed) = (scores, routed);
        pool.Run(this, (routed.Tokens + TokensPerUnit - 1) / TokensPerUnit);
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
