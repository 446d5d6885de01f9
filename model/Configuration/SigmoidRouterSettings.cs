namespace HunyuanOrleans.Model.Configuration;

/// <summary>The settings of routers whose scores are sigmoids of the router logits, each independent of the other experts.</summary>
/// <param name="HasBias">Whether each layer with experts has a bias that is added to the scores for the choice, but not for the weights.</param>
/// <param name="Normalises">Whether the scores of the chosen experts are divided by their sum.</param>
/// <param name="Scale">Multiplies the weights of the routed experts, but not of the shared expert.</param>
public sealed record SigmoidRouterSettings(bool HasBias, bool Normalises, float Scale);
