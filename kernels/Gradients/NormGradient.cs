using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// Root-mean-square norms with their gradients, in float32: over whole rows, or over each head of a row. With s = 1 / sqrt(mean(x²) + eps) and y = w s x:
/// dx = s w dy - x s³ mean(w dy x), dw = Σ s x dy. Not thread-safe.
/// </summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class NormGradient(WorkerPool pool)
{
    private const int RowsPerUnit = 16;
    private readonly ParallelRows _parallel = new(pool);
    private float[] _partial = [];

    /// <summary>y = w * x / sqrt(mean(x²) + eps) for each group of <c>weight.Columns</c> columns.</summary>
    /// <param name="x">[rows, groups * width].</param>
    /// <param name="weight">[1, width].</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="y">Receives the result; not x.</param>
    /// <param name="rows">Number of rows.</param>
    public void Forward(Activation x, Activation weight, float eps, Activation y, int rows)
    {
        Check(x, weight, y, rows);
        int width = weight.Columns;
        int groups = x.Columns / width;
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            float* w = (float*)weight.Address(0);
            for (int row = first; row < end; row++)
            {
                for (int group = 0; group < groups; group++)
                {
                    Forward((float*)x.Address(row) + (group * width), w, eps, (float*)y.Address(row) + (group * width), width);
                }
            }
        });
    }

    /// <summary>The gradients of <see cref="Forward(Activation, Activation, float, Activation, int)"/>.</summary>
    /// <param name="x">The input of the forward pass.</param>
    /// <param name="weight">[1, width].</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="dy">Gradient of the result.</param>
    /// <param name="dx">The gradient of x is written or added here; may be dy if it is not added.</param>
    /// <param name="accumulate">Whether the gradient is added to dx.</param>
    /// <param name="dw">The gradient of the weight is added here, [1, width]; null if it is not needed.</param>
    /// <param name="rows">Number of rows.</param>
    public void Backward(Activation x, Activation weight, float eps, Activation dy, Activation dx, bool accumulate, Activation? dw, int rows)
    {
        Check(x, weight, dy, rows);
        Check(x, weight, dx, rows);
        int width = weight.Columns;
        int groups = x.Columns / width;
        int units = (rows + RowsPerUnit - 1) / RowsPerUnit;
        if (dw is not null)
        {
            dw.Check(0, 1, nameof(dw));
            ArgumentOutOfRangeException.ThrowIfNotEqual(dw.Columns, width);
            if (_partial.Length < units * width)
            {
                _partial = new float[units * width];
            }

            _partial.AsSpan(0, units * width).Clear();
        }

        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            float* w = (float*)weight.Address(0);
            fixed (float* partial = _partial)
            {
                float* sums = dw is null ? null : partial + ((long)(first / RowsPerUnit) * width);
                for (int row = first; row < end; row++)
                {
                    for (int group = 0; group < groups; group++)
                    {
                        int at = group * width;
                        Backward((float*)x.Address(row) + at, w, eps, (float*)dy.Address(row) + at, (float*)dx.Address(row) + at, accumulate, sums, width);
                    }
                }
            }
        });
        if (dw is not null)
        {
            Span<float> target = dw.Row(0);
            for (int unit = 0; unit < units; unit++)
            {
                for (int i = 0; i < width; i++)
                {
                    target[i] += _partial[(unit * width) + i];
                }
            }
        }
    }

    private static void Check(Activation x, Activation weight, Activation y, int rows)
    {
        x.Check(0, rows, nameof(rows));
        y.Check(0, rows, nameof(rows));
        bool floats = x.Type == ElementType.F32 && y.Type == ElementType.F32 && weight.Type == ElementType.F32;
        if (!floats || x.Columns != y.Columns || x.Columns % weight.Columns != 0)
        {
            throw new ArgumentException($"x is {x.Type}[{x.Columns}], the other rows are {y.Type}[{y.Columns}], the weight is [{weight.Columns}].", nameof(x));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(float* x, float* w, float eps, float* y, int count)
    {
        float s = RmsNorm.Scale(x, count, eps);
        Vector512<float> scale = Vector512.Create(s);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (Vector512.Load(x + i) * scale * Vector512.Load(w + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * s * w[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward(float* x, float* w, float eps, float* dy, float* dx, bool accumulate, float* dw, int count)
    {
        float s = RmsNorm.Scale(x, count, eps);
        Vector512<float> sums = default;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            sums = Vector512.FusedMultiplyAdd(Vector512.Load(w + i) * Vector512.Load(dy + i), Vector512.Load(x + i), sums);
        }

        float dot = VectorMath.Sum(sums);
        for (; i < count; i++)
        {
            dot = MathF.FusedMultiplyAdd(w[i] * dy[i], x[i], dot);
        }

        float back = dot / count * s * s * s;
        Vector512<float> scale = Vector512.Create(s), backs = Vector512.Create(back);
        for (i = 0; i + 16 <= count; i += 16)
        {
            Vector512<float> values = Vector512.Load(x + i), d = Vector512.Load(dy + i);
            if (dw is not null)
            {
                Vector512.FusedMultiplyAdd(values * scale, d, Vector512.Load(dw + i)).Store(dw + i);
            }

            Vector512<float> result = (scale * Vector512.Load(w + i) * d) - (values * backs);
            (accumulate ? result + Vector512.Load(dx + i) : result).Store(dx + i);
        }

        for (; i < count; i++)
        {
            float d = dy[i];
            if (dw is not null)
            {
                dw[i] += x[i] * s * d;
            }

            float result = (s * w[i] * d) - (x[i] * back);
            dx[i] = accumulate ? dx[i] + result : result;
        }
    }
}
