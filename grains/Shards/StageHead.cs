using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// What stages need after the last layer: room for logits, and the samplers. All stages of a silo share it, because it is used within one job of the device's
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
        Sampler = new Sampler(device.Config.VocabSize);
        StepSampler = new StepSampler(Sampler, rows);
        Sampled = new SampledToken[rows];
        Rows = new int[rows];
    }

    /// <summary>The logits of a step's rows.</summary>
    public StepLogits Logits { get; }

    /// <summary>Samples and scores single rows.</summary>
    public Sampler Sampler { get; }

    /// <summary>Samples all rows of a step.</summary>
    public StepSampler StepSampler { get; }

    /// <summary>The sampled tokens.</summary>
    public SampledToken[] Sampled { get; }

    /// <summary>The rows of a step to compute logits of.</summary>
    public int[] Rows { get; }

    /// <inheritdoc/>
    public void Dispose() => Logits.Dispose();
}
