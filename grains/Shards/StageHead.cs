using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// What stages need after the last layer: room for logits, and the sampler. All stages of a silo share it, because it is used within one job of the device's
/// thread.
/// </summary>
/// <param name="device">The device.</param>
internal sealed class StageHead(IModelDevice device) : IDisposable
{
    // Only the last stage of a route computes logits.
    private readonly Lazy<Activation> _logits = new(() => new Activation(device.Options.MaxLogitRows, device.Config.VocabSize, ElementType.F32));

    /// <summary>Draws tokens.</summary>
    public Sampler Sampler { get; } = new(device.Config.VocabSize);

    /// <summary>Logits, float32 [rows, vocabulary].</summary>
    public Activation Logits => _logits.Value;

    /// <summary>The rows of a step to compute logits of.</summary>
    public int[] Rows { get; } = new int[device.Options.MaxLogitRows];

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_logits.IsValueCreated)
        {
            _logits.Value.Dispose();
        }
    }
}
