namespace HunyuanOrleans.Bench.Speed;

/// <summary>The measured speed of a step.</summary>
/// <param name="Format">Form of the weights.</param>
/// <param name="Case">The step.</param>
/// <param name="Layers">Layers that were measured.</param>
/// <param name="Milliseconds">Median time of a step through these layers and lm_head.</param>
/// <param name="TokensPerSecond">Tokens of the step by that time.</param>
/// <param name="WholeModelTokensPerSecond">
/// Computed, not measured: tokens per second if each further layer of the model took as long as these do on average, without any time between devices.
/// </param>
/// <param name="Bytes">Weights, keys and values that the step has to read.</param>
/// <param name="BytesPerSecond">These bytes by the time.</param>
/// <param name="ReadFraction">The same as a fraction of the measured limit of reading.</param>
/// <param name="Operations">Multiplications and additions of products and attention.</param>
/// <param name="OperationsPerSecond">These operations by the time.</param>
/// <param name="MultiplyFraction">The same as a fraction of the measured limit of the tensor cores.</param>
/// <param name="Parts">The times of the kinds of operations.</param>
internal sealed record SpeedResult(
    string Format,
    SpeedCase Case,
    int Layers,
    double Milliseconds,
    double TokensPerSecond,
    double WholeModelTokensPerSecond,
    double Bytes,
    double BytesPerSecond,
    double ReadFraction,
    double Operations,
    double OperationsPerSecond,
    double MultiplyFraction,
    IReadOnlyList<OperationTime> Parts);
