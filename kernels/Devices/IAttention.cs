using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// Causal attention over a pool of keys and values. The result at a position depends only on its own context, not on batch or chunks.
/// </summary>
public interface IAttention : IDisposable
{
    /// <summary>Creates a buffer for what the device must know of the rows of a step. The caller disposes it.</summary>
    IStepRows CreateRows();

    /// <summary>
    /// Applies bias, rotary embedding and per-head norms to projected rows, keeps the queries for <see cref="Run"/>, and appends keys and values to the
    /// pool. Rows without key and value columns, of a layer that reads another layer's, only give queries.
    /// </summary>
    /// <param name="rows">The rows of the step.</param>
    /// <param name="projected">float32 [rows, (heads + 2 key heads or 0) * head size]; overwritten.</param>
    /// <param name="weights">The parameters of the layer.</param>
    /// <param name="group">Layer group in the pool.</param>
    void Split(IStepRows rows, IActivation projected, AttentionWeights weights, int group);

    /// <summary>Attends with the queries of the last <see cref="Split"/>.</summary>
    /// <param name="rows">The rows of the step.</param>
    /// <param name="group">Layer group in the pool.</param>
    /// <param name="output">Receives [rows, heads * head size].</param>
    void Run(IStepRows rows, int group, IActivation output);
}
