using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Rows;

public sealed class RowNormTests(RowsDevice device) : IClassFixture<RowsDevice>
{
    private const float Eps = 1e-5f;

    [Theory]
    [InlineData(1, 1, ElementType.F32)]
    [InlineData(300, 5, ElementType.BF16)]
    [InlineData(33, 64, ElementType.F32)]
    [InlineData(7, 96, ElementType.BF16)]
    [InlineData(7, 1027, ElementType.F32)]
    [InlineData(3, 6400, ElementType.BF16)]
    [InlineData(2, 6402, ElementType.F32)]
    public void Rows_are_divided_by_the_root_of_their_mean_square(int rows, int columns, ElementType type)
    {
        float[] x = RowsDevice.Values(rows * columns, 1);
        float[] w = RowsDevice.Values(columns, 2);
        using CudaActivation input = device.Rows(x, columns);
        using CudaActivation weight = device.Rows(w, columns);
        using CudaActivation output = device.Rows(rows, columns, type);
        using CudaActivation copy = device.Rows(rows, columns);

        device.Operations.Norm(input, 0, rows, weight, Eps, output, copy);

        float[] actual = device.Read(output, rows);
        Assert.Equal(actual, device.Read(copy, rows));
        double tolerance = type == ElementType.F32 ? 3e-7 : 1.0 / 256;
        for (int row = 0; row < rows; row++)
        {
            double squares = x.AsSpan(row * columns, columns).ToArray().Sum(static value => (double)value * value);
            double scale = 1 / Math.Sqrt((squares / columns) + Eps);
            for (int column = 0; column < columns; column++)
            {
                int at = (row * columns) + column;
                double expected = x[at] * scale * w[column];
                Assert.True(Math.Abs(expected - actual[at]) <= Math.Abs(expected) * tolerance, $"Row {row}, column {column}: {expected}, {actual[at]}.");
            }
        }
    }

    [Fact]
    public void The_result_of_a_row_does_not_depend_on_others_or_on_its_place()
    {
        const int Columns = 1030;
        float[] x = RowsDevice.Values(33 * Columns, 3);
        using CudaActivation weight = device.Rows(RowsDevice.Values(Columns, 4), Columns);
        using CudaActivation input = device.Rows(x, Columns);
        using CudaActivation together = device.Rows(33, Columns);
        using CudaActivation alone = device.Rows(1, Columns);
        device.Operations.Norm(input, 0, 33, weight, Eps, together);
        float[] expected = device.Read(together, 33);
        foreach (int row in new[] { 0, 17, 32 })
        {
            device.Operations.Norm(input, row, 1, weight, Eps, alone);
            Assert.Equal(expected[(row * Columns)..((row + 1) * Columns)], device.Read(alone, 1));
        }
    }

    [Fact]
    public void Rows_can_be_replaced_by_their_result()
    {
        using CudaActivation weight = device.Rows(RowsDevice.Values(2050, 5), 2050);
        using CudaActivation rows = device.Rows(RowsDevice.Values(3 * 2050, 6), 2050);
        using CudaActivation result = device.Rows(3, 2050);
        device.Operations.Norm(rows, 0, 3, weight, Eps, result);
        device.Operations.Norm(rows, 0, 3, weight, Eps, rows);
        Assert.Equal(device.Read(result, 3), device.Read(rows, 3));
    }

    [Fact]
    public void Rows_of_other_shapes_are_refused()
    {
        using CudaActivation x = device.Rows(2, 8);
        using CudaActivation rounded = device.Rows(2, 8, ElementType.BF16);
        using CudaActivation longer = device.Rows(2, 9);
        Assert.Throws<ArgumentException>(() => device.Operations.Norm(rounded, 0, 2, x, Eps, x));
        Assert.Throws<ArgumentException>(() => device.Operations.Norm(x, 0, 2, longer, Eps, x));
        Assert.Throws<ArgumentException>(() => device.Operations.Norm(x, 0, 2, x, Eps, longer));
        Assert.Throws<ArgumentException>(() => device.Operations.Norm(x, 0, 2, x, Eps, rounded, rounded));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Operations.Norm(x, 1, 2, x, Eps, x));
    }
}
