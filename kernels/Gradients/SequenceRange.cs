namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>The rows of one sequence in a batch. Sequences do not attend to each other.</summary>
/// <param name="Start">First row.</param>
/// <param name="Length">Number of rows, at least 1.</param>
public readonly record struct SequenceRange(int Start, int Length);
