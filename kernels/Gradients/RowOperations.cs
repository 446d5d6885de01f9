using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>Simple operations on rows that training needs: conversion, transposition, addition and dropout. Not thread-safe.</summary>
/// <param name="pool">Workers to use.</param>
public sealed unsafe class RowOperations(WorkerPool pool)
{
    private const int RowsPerUnit = 16;
    private readonly ParallelRows _parallel = new(pool);

    /// <summary>Copies rows and converts them to the type of the target.</summary>
    /// <param name="x">float32 [rows, columns], from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="y">Receives rows from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row of y.</param>
    /// <param name="rows">Number of rows.</param>
    public void Copy(Activation x, int xRow, Activation y, int yRow, int rows)
    {
        x.Check(xRow, rows, nameof(xRow));
        y.Check(yRow, rows, nameof(yRow));
        if (x.Type != ElementType.F32 || x.Columns != y.Columns)
        {
            throw new ArgumentException($"x is {x.Type}[{x.Columns}], y is [{y.Columns}].", nameof(x));
        }

        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int row = first; row < end; row++)
            {
                Conversion.Convert(x.Address(xRow + row), ElementType.F32, y.Address(yRow + row), y.Type, x.Columns);
            }
        });
    }

    /// <summary>y += x.</summary>
    /// <param name="x">Rows from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="y">Rows from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row of y.</param>
    /// <param name="rows">Number of rows.</param>
    public void Add(Activation x, int xRow, Activation y, int yRow, int rows)
    {
        CheckPair(x, xRow, y, yRow, rows);
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int row = first; row < end; row++)
            {
                AddScaled((float*)x.Address(xRow + row), 1, (float*)y.Address(yRow + row), x.Columns);
            }
        });
    }

    /// <summary>y[yRow] += factor * x[xRow], on the calling thread.</summary>
    public static void AddRow(Activation x, int xRow, float factor, Activation y, int yRow)
    {
        CheckPair(x, xRow, y, yRow, 1);
        AddScaled((float*)x.Address(xRow), factor, (float*)y.Address(yRow), x.Columns);
    }

    /// <summary>Adds a bias to rows.</summary>
    /// <param name="bias">[1, columns].</param>
    /// <param name="y">Rows from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    public void AddBias(Activation bias, Activation y, int yRow, int rows)
    {
        CheckPair(bias, 0, y, yRow, Math.Min(1, rows));
        y.Check(yRow, rows, nameof(yRow));
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int row = first; row < end; row++)
            {
                AddScaled((float*)bias.Address(0), 1, (float*)y.Address(yRow + row), y.Columns);
            }
        });
    }

    /// <summary>Adds the sums of columns to a bias's gradient, row after row.</summary>
    /// <param name="dy">Rows from <paramref name="dyRow"/>.</param>
    /// <param name="dyRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="bias">[1, columns].</param>
    public static void AddColumnSums(Activation dy, int dyRow, int rows, Activation bias)
    {
        dy.Check(dyRow, rows, nameof(dyRow));
        for (int row = 0; row < rows; row++)
        {
            AddRow(dy, dyRow + row, 1, bias, 0);
        }
    }

    /// <summary>
    /// Keeps each element with probability 1 - rate and multiplies it by 1 / (1 - rate); the others become zero. The choice depends on key, row and column
    /// alone, so the backward pass repeats it.
    /// </summary>
    /// <param name="x">float32 rows from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="y">Receives rows from 0; may be x if xRow is 0.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="rate">The rate, 0 to 1 (exclusive).</param>
    /// <param name="key">Selects the mask.</param>
    public void Dropout(Activation x, int xRow, Activation y, int rows, double rate, ulong key)
    {
        CheckPair(x, xRow, y, 0, rows);
        ulong threshold = (ulong)(rate * ulong.MaxValue);
        float kept = (float)(1 / (1 - rate));
        _parallel.Run(rows, RowsPerUnit, (first, end, _) =>
        {
            for (int row = first; row < end; row++)
            {
                float* from = (float*)x.Address(xRow + row), to = (float*)y.Address(row);
                ulong counter = key + ((ulong)row << 32);
                for (int i = 0; i < x.Columns; i++)
                {
                    to[i] = Mix(counter + (ulong)i) < threshold ? 0 : from[i] * kept;
                }
            }
        });
    }

    /// <summary>A bijection whose results look random (the finaliser of SplitMix64, Steele et al., 2014).</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private static void CheckPair(Activation x, int xRow, Activation y, int yRow, int rows)
    {
        x.Check(xRow, rows, nameof(xRow));
        y.Check(yRow, rows, nameof(yRow));
        if (x.Type != ElementType.F32 || y.Type != ElementType.F32 || x.Columns != y.Columns)
        {
            throw new ArgumentException($"x is {x.Type}[{x.Columns}], y is {y.Type}[{y.Columns}].", nameof(x));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddScaled(float* x, float factor, float* y, int count)
    {
        Vector512<float> factors = Vector512.Create(factor);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector512.FusedMultiplyAdd(Vector512.Load(x + i), factors, Vector512.Load(y + i)).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(x[i], factor, y[i]);
        }
    }
}
