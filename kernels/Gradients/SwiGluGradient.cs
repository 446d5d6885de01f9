using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>silu(gate) * up with its gradient, in float32. Not thread-safe.</summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class SwiGluGradient(WorkerPool pool)
{
    private const int RowsPerUnit = 8;
    private readonly ParallelRows _parallel = new(pool);

    /// <summary>y = silu(gate) * up.</summary>
    /// <param name="gate">[rows, width].</param>
    /// <param name="up">[rows, width].</param>
    /// <param name="y">Receives [rows, width].</param>
    /// <param name="row">First row of all buffers.</param>
    /// <param name="rows">Number of rows.</param>
    public void Forward(Activation gate, Activation up, Activation y, int row, int rows)
    {
        Check(row, rows, gate, up, y);
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int i = row + first; i < row + end; i++)
            {
                Forward((float*)gate.Address(i), (float*)up.Address(i), (float*)y.Address(i), Floats(y));
            }
        });
    }

    /// <summary>Gradients of gate and up from that of y, with s the logistic function: dgate = dy up s(g) (1 + g (1 - s(g))), dup = dy g s(g).</summary>
    /// <param name="gate">Gate of the forward pass; receives its gradient.</param>
    /// <param name="up">Up of the forward pass; receives its gradient.</param>
    /// <param name="dy">Gradient of the result, [rows, width].</param>
    /// <param name="row">First row of all buffers.</param>
    /// <param name="rows">Number of rows.</param>
    public void Backward(Activation gate, Activation up, Activation dy, int row, int rows)
    {
        Check(row, rows, gate, up, dy);
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int i = row + first; i < row + end; i++)
            {
                Backward((float*)gate.Address(i), (float*)up.Address(i), (float*)dy.Address(i), Floats(dy));
            }
        });
    }

    // Whole vectors: the padding of a row is zero and stays zero.
    private static int Floats(Activation x) => (x.Columns + 15) / 16 * 16;

    private static void Check(int row, int rows, Activation a, Activation b, Activation c)
    {
        foreach (Activation x in (ReadOnlySpan<Activation>)[a, b, c])
        {
            x.Check(row, rows, nameof(row));
            if (x.Type != ElementType.F32 || x.Columns != a.Columns)
            {
                throw new ArgumentException($"All rows must be F32[{a.Columns}], not {x.Type}[{x.Columns}].", nameof(rows));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(float* gate, float* up, float* y, int count)
    {
        for (int i = 0; i < count; i += 16)
        {
            VectorMath.SwiGlu(Vector512.Load(gate + i), Vector512.Load(up + i)).Store(y + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward(float* gate, float* up, float* dy, int count)
    {
        for (int i = 0; i < count; i += 16)
        {
            Vector512<float> g = Vector512.Load(gate + i), u = Vector512.Load(up + i), d = Vector512.Load(dy + i);
            Vector512<float> s = Vector512<float>.One / (Vector512<float>.One + VectorMath.Exp(-g));
            (d * u * s * (Vector512<float>.One + (g * (Vector512<float>.One - s)))).Store(gate + i);
            (d * g * s).Store(up + i);
        }
    }
}
