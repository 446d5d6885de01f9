using HunyuanOrleans.Kernels.Tests.Support;

namespace HunyuanOrleans.Kernels.Tests.Products;

/// <summary>x . w^T in float64, with a bound for the difference to float32 operations in any order.</summary>
internal sealed class ProductReference
{
    private readonly double[] _sums;
    private readonly double[] _magnitudes;
    private readonly int _rows;
    private readonly int _columns;

    public ProductReference(float[] x, float[] w, int rows, int columns)
    {
        _rows = rows;
        _columns = columns;
        int tokens = x.Length / columns;
        _sums = new double[tokens * rows];
        _magnitudes = new double[tokens * rows];
        for (int t = 0; t < tokens; t++)
        {
            ReadOnlySpan<float> a = x.AsSpan(t * columns, columns);
            for (int r = 0; r < rows; r++)
            {
                ReadOnlySpan<float> b = w.AsSpan(r * columns, columns);
                double sum = 0;
                double magnitude = 0;
                for (int i = 0; i < a.Length; i++)
                {
                    double product = (double)a[i] * b[i];
                    sum += product;
                    magnitude += Math.Abs(product);
                }

                _sums[(t * rows) + r] = sum;
                _magnitudes[(t * rows) + r] = magnitude;
            }
        }
    }

    public double Sum(int token, int row) => _sums[(token * _rows) + row];

    /// <summary>The bound: one rounding per product and per addition, and a flush to zero in each.</summary>
    public double Bound(int token, int row) =>
        (Rounding.Gamma(_columns + 1) * _magnitudes[(token * _rows) + row]) + (2 * _columns * Rounding.Flush);
}
