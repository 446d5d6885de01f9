namespace HunyuanOrleans.Engine.Sampling;

/// <summary>What sampling one sequence depends on besides the logits.</summary>
public sealed class SamplingState
{
}
