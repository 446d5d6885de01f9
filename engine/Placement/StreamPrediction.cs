namespace HunyuanOrleans.Engine.Placement;

/// <summary>The speed that a plan should reach with several streams. docs/plans.md has the formula and its assumptions.</summary>
/// <param name="TokensPerSecond">Tokens per second of all streams together.</param>
/// <param name="Steps">Number of steps in flight that reaches it.</param>
/// <param name="Busy">The part of the time that each silo works, 0 to 1, by name.</param>
public sealed record StreamPrediction(double TokensPerSecond, int Steps, IReadOnlyDictionary<string, double> Busy);
