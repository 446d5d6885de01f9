namespace HunyuanOrleans.Kernels.Devices;

/// <summary>How a layer chooses experts whose scores are sigmoids of the router logits, and not a softmax over them.</summary>
/// <param name="Bias">Added to the scores for the choice but not for the weights, [experts]; null if there is none.</param>
/// <param name="Normalises">Whether the scores of the chosen experts are divided by their sum.</param>
/// <param name="Scale">Multiplies the weights of the chosen experts.</param>
public sealed record SigmoidRouting(IVector? Bias, bool Normalises, float Scale);
