using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Optimization;

/// <summary>AdamW with clipping of the norm of all gradients, in float32. Not thread-safe.</summary>
/// <param name="parameters">What is trained.</param>
/// <param name="settings">The settings.</param>
/// <param name="pool">Workers to use.</param>
public sealed class Optimizer(IReadOnlyList<Parameter> parameters, OptimizerSettings settings, WorkerPool pool)
{
    // The summand of the transformers library's clipping, which keeps the factor finite.
    private const double ClipEpsilon = 1e-6;

    private readonly AdamWUpdate _update = new(pool);

    /// <summary>The norm of all gradients together.</summary>
    public double GradientNorm() => Math.Sqrt(parameters.Sum(parameter => _update.SumOfSquares(parameter.Gradient)));

    /// <summary>Changes the parameters by their gradients, and sets the gradients to zero.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="learningRate">Its learning rate.</param>
    /// <param name="gradientNorm">The result of <see cref="GradientNorm"/>.</param>
    public void Step(int step, double learningRate, double gradientNorm)
    {
        double scale = settings.MaxGradientNorm > 0 ? Math.Min(1, settings.MaxGradientNorm / (gradientNorm + ClipEpsilon)) : 1;
        foreach (Parameter parameter in parameters)
        {
            double decay = parameter.Decays ? settings.WeightDecay : 0;
            AdamWStep numbers = new(learningRate, decay, settings.Beta1, settings.Beta2, settings.Epsilon, scale, step);
            _update.Run(parameter.Value, parameter.Gradient, parameter.First, parameter.Second, numbers);
            _update.Clear(parameter.Gradient);
        }
    }
}
