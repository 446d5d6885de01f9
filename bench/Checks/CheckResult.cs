namespace HunyuanOrleans.Bench.Checks;

/// <summary>The result of a check.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="Passed">Whether the difference is within the tolerance.</param>
/// <param name="Difference">The largest difference, relative to the largest expected magnitude; of checks of bits, the number of other values.</param>
/// <param name="Tolerance">The largest difference that is allowed.</param>
/// <param name="Error">Why nothing could be compared; null if it could.</param>
internal sealed record CheckResult(string Name, bool Passed, double Difference, double Tolerance, string? Error);
