using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>
/// Adds weighted rows of one activation to rows of another: y[t] += sum over i of weight[t, i] * x[row[t, i]], in the order of i. Keep the
/// object and reuse it: runs allocate nothing.
/// </summary>
public sealed unsafe class WeightedRowSum(WorkerPool pool) : IWeightedRowSum, IJob
{
    private const int RowsPerUnit = 8;
    private Activation _x = null!;
    private Activation _y = null!;
    private int[] _rows = [];
    private float[] _weights = [];
    private int _perToken;
    private int _tokens;

    /// <summary>Adds to the first <paramref name="tokens"/> rows of <paramref name="y"/>.</summary>
    /// <param name="x">Rows to add, float32 or bfloat16.</param>
    /// <param name="rows">[tokens, perToken]: rows of x, in the order of summation.</param>
    /// <param name="weights">[tokens, perToken]: the factors of these rows.</param>
    /// <param name="perToken">Number of rows added to each token.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="y">float32 [tokens, columns].</param>
    public void Run(Activation x, int[] rows, float[] weights, int perToken, int tokens, Activation y)
    {
        y.Check(0, tokens, nameof(tokens));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens * perToken, Math.Min(rows.Length, weights.Length), nameof(rows));
        if (y.Type != ElementType.F32 || x.Columns != y.Columns)
        {
            throw new ArgumentException($"x is [{x.Columns}], y is {y.Type}[{y.Columns}].", nameof(x));
        }

        (_x, _rows, _weights, _perToken, _tokens, _y) = (x, rows, weights, perToken, tokens, y);
        pool.Run(this, (tokens + RowsPerUnit - 1) / RowsPerUnit);
    }

    void IWeightedRowSum.Run(IActivation x, IRoutedRows routed, IActivation y)
    {
        RoutedRows host = (RoutedRows)routed;
        Run((Activation)x, host.RowOf, host.Weights, host.TopK, host.Tokens, (Activation)y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IJob.Run(int unit, int worker)
    {
        int end = Math.Min(_tokens, (unit + 1) * RowsPerUnit);
        for (int token = unit * RowsPerUnit; token < end; token++)
        {
            float* y = (float*)_y.Address(token);
            for (int i = 0; i < _perToken; i++)
            {
                int at = (token * _perToken) + i;
                Add(_x.Address(_rows[at]), _x.Type, _weights[at], y, _y.Columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(byte* x, ElementType type, float weight, float* y, int count)
    {
        Vector512<float> w = Vector512.Create(weight);
        int c = 0;
        for (; c + 16 <= count; c += 16)
        {
            Vector512<float> value = type == ElementType.BF16 ? Conversion.LoadBf16((ushort*)x + c) : Vector512.Load((float*)x + c);
            Vector512.FusedMultiplyAdd(w, value, Vector512.Load(y + c)).Store(y + c);
        }

        for (; c < count; c++)
        {
            float value = type == ElementType.BF16 ? Conversion.ToSingle(((ushort*)x)[c]) : ((float*)x)[c];
            y[c] = MathF.FusedMultiplyAdd(weight, value, y[c]);
        }
    }
}
