namespace HunyuanOrleans.Engine.Placement;

/// <summary>The speed that a plan should reach for a single stream. docs/plans.md has the formula and its assumptions.</summary>
/// <param name="DecodeTokensPerSecond">Tokens per second; 0 for a plan that does not fit.</param>
/// <param name="CallsPerToken">Expected number of calls between silos per token.</param>
public sealed record PlanPrediction(double DecodeTokensPerSecond, double CallsPerToken);
