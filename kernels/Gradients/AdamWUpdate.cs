using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>The numbers of one AdamW step (Loshchilov and Hutter, 2019).</summary>
/// <param name="LearningRate">Learning rate of the step.</param>
/// <param name="Decay">Weight decay, which is multiplied by the learning rate.</param>
/// <param name="Beta1">Decay rate of the first moment.</param>
/// <param name="Beta2">Decay rate of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="GradientScale">Factor of the gradients, from clipping.</param>
/// <param name="Step">Number of the step, from 1, for the correction of the moments' bias.</param>
public readonly record struct AdamWStep(double LearningRate, double Decay, double Beta1, double Beta2, double Epsilon, double GradientScale, int Step);

/// <summary>Updates weights by AdamW in float32, and sums squares of gradients. Not thread-safe.</summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class AdamWUpdate(WorkerPool pool)
{
    private const int UnitFloats = 1 << 15;
    private readonly ParallelRows _parallel = new(pool);

    /// <summary>
    /// w -= lr decay w; m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; w -= lr / (1 - β₁ᵗ) m / (sqrt(v) / sqrt(1 - β₂ᵗ) + ε).
    /// </summary>
    /// <param name="weight">Weights, float32 of any shape.</param>
    /// <param name="gradient">Gradients of that shape.</param>
    /// <param name="first">First moments of that shape.</param>
    /// <param name="second">Second moments of that shape.</param>
    /// <param name="step">The numbers of the step.</param>
    public void Run(Activation weight, Activation gradient, Activation first, Activation second, AdamWStep step)
    {
        Check(weight, gradient);
        Check(weight, first);
        Check(weight, second);
        float shrink = (float)(1 - (step.LearningRate * step.Decay));
        float rate = (float)(step.LearningRate / (1 - Math.Pow(step.Beta1, step.Step)));
        float root = (float)(1 / Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step)));
        Vector512<float> beta1 = Vector512.Create((float)step.Beta1), beta2 = Vector512.Create((float)step.Beta2);
        Vector512<float> rest1 = Vector512.Create((float)(1 - step.Beta1)), rest2 = Vector512.Create((float)(1 - step.Beta2));
        Vector512<float> scale = Vector512.Create((float)step.GradientScale), epsilon = Vector512.Create((float)step.Epsilon);
        ForUnits(weight, (at, count, _) =>
        {
            // Padding is zero in all of them and stays zero.
            float* w = (float*)weight.Address(0) + at, g = (float*)gradient.Address(0) + at;
            float* m = (float*)first.Address(0) + at, v = (float*)second.Address(0) + at;
            for (int i = 0; i < count; i += 16)
            {
                Vector512<float> slope = Vector512.Load(g + i) * scale;
                Vector512<float> mean = (Vector512.Load(m + i) * beta1) + (slope * rest1);
                Vector512<float> square = (Vector512.Load(v + i) * beta2) + (slope * slope * rest2);
                mean.Store(m + i);
                square.Store(v + i);
                Vector512<float> change = mean / ((Vector512.Sqrt(square) * root) + epsilon) * rate;
                ((Vector512.Load(w + i) * shrink) - change).Store(w + i);
            }
        });
    }

    /// <summary>Σ x², in float64.</summary>
    public double SumOfSquares(Activation x)
    {
        double[] sums = new double[(Floats(x) + UnitFloats - 1) / UnitFloats];
        ForUnits(x, (at, count, unit) => sums[unit] = SumOfSquares((float*)x.Address(0) + at, count));
        double sum = 0;
        foreach (double part in sums)
        {
            sum += part;
        }

        return sum;
    }

    /// <summary>Sets all values to zero.</summary>
    public void Clear(Activation x) => ForUnits(x, (at, count, _) => new Span<float>((float*)x.Address(0) + at, count).Clear());

    private static long Floats(Activation x) => x.Rows * x.Stride / sizeof(float);

    private static void Check(Activation weight, Activation other)
    {
        if (weight.Rows != other.Rows || weight.Columns != other.Columns || weight.Type != ElementType.F32 || other.Type != ElementType.F32)
        {
            throw new ArgumentException(
                $"{other.Type}[{other.Rows}, {other.Columns}] does not fit {weight.Type}[{weight.Rows}, {weight.Columns}].", nameof(other));
        }
    }

    private void ForUnits(Activation x, Action<long, int, int> body)
    {
        long floats = Floats(x);
        int units = (int)((floats + UnitFloats - 1) / UnitFloats);
        _parallel.Run(units, 1, (unit, _, _) => body((long)unit * UnitFloats, (int)Math.Min(UnitFloats, floats - ((long)unit * UnitFloats)), unit));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfSquares(float* x, int count)
    {
        Vector512<double> low = default, high = default;
        for (int i = 0; i < count; i += 16)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            low += a * a;
            high += b * b;
        }

        return Vector512.Sum(low + high);
    }
}
