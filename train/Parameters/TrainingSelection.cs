namespace HunyuanOrleans.Train.Parameters;

/// <summary>Which tensors a run trains.</summary>
/// <param name="Lora">Settings of adapters, which are then all that is trained; null to train the weights themselves.</param>
/// <param name="AttentionOnly">Whether only tensors of attention are trained: projections and norms of heads.</param>
/// <param name="Seed">Seed of the adapters' first values.</param>
public sealed record TrainingSelection(LoraSettings? Lora, bool AttentionOnly, ulong Seed)
{
    /// <summary>Whether a tensor of the base model is trained.</summary>
    public bool TrainsBase(string name) => Lora is null && (!AttentionOnly || name.Contains(".self_attn.", StringComparison.Ordinal));
}
