using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// What stages need after the last layer: room for logits, and the sampler. All stages of a silo share it, because it is used within one job of the device's
/// thread.
/// </summary>
internal sealed class StageHead : IDisposable
{
    /// <summary>Reserves memory for the largest step.</summary>
    /// <param name="device">The device.</param>
    public StageHead(IModelDevice device)
    {
        int rows = device.Options.MaxLogitRows;
        Logits = new StepLogits(rows, device.Config.VocabSize);
        Sampler = new SequenceSampler(device.Config.VocabSize);
        Rows = new int[rows];
    }

    /// <summary>The logits of a step's rows.</summary>
    public StepLogits Logits { get; }

    /// <summary>Samples the tokens of one sequence after the other, and scores rows.</summary>
    public SequenceSampler Sampler { get; }

    /// <summary>The rows of a step to compute logits of.</summary>
    public int[] Rows { get; }

    /// <inheritdoc/>
    public void Dispose() => Logits.Dispose();
}
