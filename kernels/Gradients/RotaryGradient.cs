using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>
/// The rotary embedding of heads in place, first half with second half: (a, b) becomes (a cos - b sin, b cos + a sin). The gradient is the rotation by the
/// opposite angle. Not thread-safe.
/// </summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class RotaryGradient(WorkerPool pool)
{
    private const int RowsPerUnit = 16;
    private readonly ParallelRows _parallel = new(pool);

    /// <summary>Rotates rows.</summary>
    /// <param name="x">float32 [rows, heads * head size], changed in place.</param>
    /// <param name="cos">float32 [rows, head size / 2].</param>
    /// <param name="sin">float32 [rows, head size / 2].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="backward">Whether to rotate by the opposite angle.</param>
    public void Rotate(Activation x, Activation cos, Activation sin, int rows, bool backward)
    {
        foreach (Activation part in (ReadOnlySpan<Activation>)[x, cos, sin])
        {
            part.Check(0, rows, nameof(rows));
            if (part.Type != ElementType.F32 || cos.Columns != sin.Columns || x.Columns % (2 * cos.Columns) != 0)
            {
                throw new ArgumentException($"x is [{x.Columns}], the angles are [{cos.Columns}] and [{sin.Columns}], all must be F32.", nameof(x));
            }
        }

        int half = cos.Columns;
        int heads = x.Columns / (2 * half);
        float sign = backward ? -1 : 1;
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int row = first; row < end; row++)
            {
                for (int head = 0; head < heads; head++)
                {
                    Rotate((float*)x.Address(row) + (head * 2 * half), (float*)cos.Address(row), (float*)sin.Address(row), sign, half);
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(float* x, float* cos, float* sin, float sign, int half)
    {
        Vector512<float> signs = Vector512.Create(sign);
        int i = 0;
        for (; i + 16 <= half; i += 16)
        {
            Vector512<float> a = Vector512.Load(x + i), b = Vector512.Load(x + half + i);
            Vector512<float> c = Vector512.Load(cos + i), s = Vector512.Load(sin + i) * signs;
            ((a * c) - (b * s)).Store(x + i);
            ((b * c) + (a * s)).Store(x + half + i);
        }

        for (; i < half; i++)
        {
            (float a, float b, float c, float s) = (x[i], x[half + i], cos[i], sin[i] * sign);
            x[i] = (a * c) - (b * s);
            x[half + i] = (b * c) + (a * s);
        }
    }
}
