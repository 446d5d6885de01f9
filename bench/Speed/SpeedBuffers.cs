using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>The rows of a step between the operations of a <see cref="SpeedModel"/>.</summary>
internal sealed class SpeedBuffers : IDisposable
{
    private readonly IComputeDevice _device;
    private readonly DisposableStack _owned = new();

    /// <summary>Allocates the buffers.</summary>
    public SpeedBuffers(IComputeDevice device, ModelConfig config, int rows, int logitRows)
    {
        _device = device;
        int layer = config.FirstMoeLayer, sent = rows * config.TopK(layer), hidden = config.HiddenSize;
        try
        {
            Start = Create(rows, hidden, ElementType.F32);
            X = Create(rows, hidden, ElementType.F32);
            Normed = Create(rows, hidden, ElementType.BF16);
            Scored = Create(rows, hidden, ElementType.F32);
            Projected = Create(rows, config.QuerySize + (2 * config.KvSize), ElementType.F32);
            Queries = Create(rows, config.QuerySize, ElementType.F32);
            Attended = Create(rows, config.QuerySize, ElementType.BF16);
            Scores = Create(rows, config.Experts, ElementType.F32);
            SharedHidden = Create(rows, config.SharedIntermediateSize(layer), ElementType.BF16);
            ExpertInput = Create(sent, hidden, ElementType.BF16);
            ExpertHidden = Create(sent, config.IntermediateSize(layer), ElementType.BF16);
            ExpertOutput = Create(sent, hidden, ElementType.BF16);
            Last = Create(logitRows, hidden, ElementType.F32);
            LastNormed = Create(logitRows, hidden, ElementType.BF16);
            Logits = Create(logitRows, config.VocabSize, ElementType.F32);
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>What the residual stream is at the beginning of a step.</summary>
    public IActivation Start { get; }

    /// <summary>The residual stream.</summary>
    public IActivation X { get; }

    /// <summary>Normed rows.</summary>
    public IActivation Normed { get; }

    /// <summary>Normed rows for the router.</summary>
    public IActivation Scored { get; }

    /// <summary>Queries, keys and values.</summary>
    public IActivation Projected { get; }

    /// <summary>Queries of layers without keys.</summary>
    public IActivation Queries { get; }

    /// <summary>Results of attention.</summary>
    public IActivation Attended { get; }

    /// <summary>Router logits.</summary>
    public IActivation Scores { get; }

    /// <summary>The shared expert's intermediate rows.</summary>
    public IActivation SharedHidden { get; }

    /// <summary>Rows sent to experts.</summary>
    public IActivation ExpertInput { get; }

    /// <summary>The experts' intermediate rows.</summary>
    public IActivation ExpertHidden { get; }

    /// <summary>The experts' outputs.</summary>
    public IActivation ExpertOutput { get; }

    /// <summary>Rows whose logits are computed.</summary>
    public IActivation Last { get; }

    /// <summary>The same rows, normed.</summary>
    public IActivation LastNormed { get; }

    /// <summary>Logits.</summary>
    public IActivation Logits { get; }

    /// <inheritdoc/>
    public void Dispose() => _owned.Dispose();

    private IActivation Create(int rows, int columns, ElementType type) => _owned.Add(_device.CreateActivation(rows, columns, type));
}
