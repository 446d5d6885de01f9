using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>
/// Normalises rows: y = w * x / sqrt(mean(x²) + eps), computed in float32 and stored in the type of y. Keep the object and reuse it: runs
/// allocate nothing.
/// </summary>
public sealed unsafe class RmsNorm(WorkerPool pool) : IRmsNorm, IJob
{
    private const int RowsPerUnit = 8;
    private Activation _x = null!;
    private Activation _y = null!;
    private Activation? _copyF32;
    private float[] _weight = [];
    private float _eps;
    private int _xRow;
    private int _rows;

    /// <summary>Normalises <paramref name="rows"/> rows.</summary>
    /// <param name="x">float32 [rows, hidden]; may be the same object as <paramref name="y"/> if <paramref name="xRow"/> is 0.</param>
    /// <param name="xRow">First row read.</param>
    /// <param name="rows">Number of rows; the results go to rows 0, 1, … of y.</param>
    /// <param name="weight">[hidden].</param>
    /// <param name="eps">Added to the mean of the squares.</param>
    /// <param name="y">Receives the result, [rows, hidden].</param>
    /// <param name="copyF32">Receives the values that y holds after rounding, as float32; may be null.</param>
    public void Run(Activation x, int xRow, int rows, float[] weight, float eps, Activation y, Activation? copyF32 = null)
    {
        x.Check(xRow, rows, nameof(xRow));
        y.Check(0, rows, nameof(rows));
        copyF32?.Check(0, rows, nameof(rows));
        if (x.Type != ElementType.F32 || x.Columns != y.Columns || weight.Length != x.Columns
            || (copyF32 is not null && (copyF32.Columns != x.Columns || copyF32.Type != ElementType.F32)))
        {
            throw new ArgumentException($"x is {x.Type}[{x.Columns}], y is [{y.Columns}], the weight is [{weight.Length}].", nameof(x));
        }

        (_x, _xRow, _rows, _weight, _eps, _y, _copyF32) = (x, xRow, rows, weight, eps, y, copyF32);
        pool.Run(this, (rows + RowsPerUnit - 1) / RowsPerUnit);
    }

    void IRmsNorm.Run(IActivation x, int rows, IVector weight, float eps, IActivation y, IActivation? copyF32) =>
        Run((Activation)x, 0, rows, HostVector.Of(weight), eps, (Activation)y, (Activation?)copyF32);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IJob.Run(int unit, int worker)
    {
        int end = Math.Min(_rows, (unit + 1) * RowsPerUnit);
        fixed (float* weight = _weight)
        {
            for (int row = unit * RowsPerUnit; row < end; row++)
            {
                float* x = (float*)_x.Address(_xRow + row);
                float scale = Scale(x, _x.Columns, _eps);
                Write(x, weight, scale, _x.Columns, _y.Address(row), _y.Type, _copyF32 is null ? null : (float*)_copyF32.Address(row));
            }
        }
    }

    /// <summary>1 / sqrt(mean(x²) + eps).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Scale(float* x, int count, float eps)
    {
        Vector512<float> a = default, b = default;
        int i = 0;
        for (; i + 32 <= count; i += 32)
        {
            Vector512<float> u = Vector512.Load(x + i), v = Vector512.Load(x + i + 16);
            a = Vector512.FusedMultiplyAdd(u, u, a);
            b = Vector512.FusedMultiplyAdd(v, v, b);
        }

        float sum = VectorMath.Sum(a + b);
        for (; i < count; i++)
        {
            sum = MathF.FusedMultiplyAdd(x[i], x[i], sum);
        }

        return 1f / MathF.Sqrt((sum / count) + eps);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(float* x, float* weight, float scale, int count, byte* y, ElementType type, float* copy)
    {
        int i = 0;
        Vector512<float> s = Vector512.Create(scale);
        for (; i + 16 <= count; i += 16)
        {
            Vector512<float> value = Vector512.Load(x + i) * s * Vector512.Load(weight + i);
            if (type == ElementType.BF16)
            {
                Conversion.StoreBf16(value, (ushort*)y + i);
                if (copy is not null)
                {
                    Conversion.LoadBf16((ushort*)y + i).Store(copy + i);
                }
            }
            else
            {
                value.Store((float*)y + i);
                if (copy is not null)
                {
                    value.Store(copy + i);
                }
            }
        }

        for (; i < count; i++)
        {
            float value = x[i] * scale * weight[i];
            if (type == ElementType.BF16)
            {
                ushort rounded = Conversion.ToBf16(value);
                ((ushort*)y)[i] = rounded;
                value = Conversion.ToSingle(rounded);
            }
            else
            {
                ((float*)y)[i] = value;
            }

            if (copy is not null)
            {
                copy[i] = value;
            }
        }
    }
}
