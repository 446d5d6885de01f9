namespace HunyuanOrleans.Engine.Placement;

/// <summary>What a plan should reach for one stream decoded alone. See the formula and what it assumes in docs/plans.md.</summary>
/// <param name="DecodeTokensPerSecond">Tokens per second; 0 for a plan that does not fit.</param>
/// <param name="CallsPerToken">Calls between silos for a token, expected.</param>
public sealed record PlanPrediction(double DecodeTokensPerSecond, double CallsPerToken);
