namespace HunyuanOrleans.Train.Optimization;

/// <summary>What one step of training gave.</summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Loss">The mean of the micro-batches' losses.</param>
/// <param name="MicroLosses">The mean loss of each micro-batch.</param>
/// <param name="GradientNorm">Norm of all gradients before clipping.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="Tokens">Tokens that were computed.</param>
public sealed record StepResult(int Step, double Loss, double[] MicroLosses, double GradientNorm, double LearningRate, int Tokens);
