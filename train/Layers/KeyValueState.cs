using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Train.Layers;

/// <summary>Keys and values of a group of layers that share them, before the norm of each layer.</summary>
/// <param name="config">The model.</param>
/// <param name="tokens">Most tokens of a micro-batch.</param>
public sealed class KeyValueState(ModelConfig config, int tokens) : IDisposable
{
    /// <summary>Rotated keys, [tokens, key heads * head size].</summary>
    public Activation Key { get; } = new(tokens, config.KvSize, ElementType.F32);

    /// <summary>Values, [tokens, key heads * head size].</summary>
    public Activation Value { get; } = new(tokens, config.KvSize, ElementType.F32);

    /// <inheritdoc/>
    public void Dispose()
    {
        Key.Dispose();
        Value.Dispose();
    }
}
