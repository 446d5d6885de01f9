using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Rows;

public sealed class RowOperationsTests(RowsDevice device) : IClassFixture<RowsDevice>
{
    public static TheoryData<int, int, ElementType> Shapes => new()
    {
        { 1, 1, ElementType.BF16 },
        { 7, 5, ElementType.BF16 },
        { 300, 5, ElementType.F32 },
        { 33, 64, ElementType.F32 },
        { 33, 96, ElementType.BF16 },
        { 2, 6400, ElementType.BF16 },
        { 2, 6403, ElementType.F32 },
        { 3, 2049, ElementType.BF16 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gathered_rows_are_those_of_the_list(int count, int columns, ElementType type)
    {
        float[] x = RowsDevice.Values(20 * columns, 1, type);
        int[] list = [.. Enumerable.Range(0, count).Select(static i => i * 7 % 20)];
        using CudaActivation from = device.Rows(x, columns, type);
        using CudaActivation to = device.Rows(count, columns, type);
        using CudaArray<int> rows = device.Array(list);
        device.Operations.Gather(from, rows.Address, count, to);
        Assert.Equal(list.SelectMany(row => x[(row * columns)..((row + 1) * columns)]), device.Read(to, count));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Embeddings_are_the_rows_of_the_tokens_as_float32(int count, int columns, ElementType type)
    {
        float[] table = RowsDevice.Values(30 * columns, 2, type);
        int[] tokens = [.. Enumerable.Range(0, count).Select(static i => i * 11 % 30)];
        using CudaActivation weights = device.Rows(table, columns, type);
        using CudaActivation x = device.Rows(count, columns);
        using CudaArray<int> list = device.Array(tokens);
        device.Operations.Embed(weights, list.Address, count, x);
        Assert.Equal(tokens.SelectMany(token => table[(token * columns)..((token + 1) * columns)]), device.Read(x, count));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Weighted_rows_are_added_in_order(int tokens, int columns, ElementType type)
    {
        const int PerToken = 3;
        float[] x = RowsDevice.Values(10 * columns, 4, type);
        float[] y = RowsDevice.Values(tokens * columns, 5);
        float[] weights = RowsDevice.Values(tokens * PerToken, 6);
        int[] list = [.. Enumerable.Range(0, tokens * PerToken).Select(static i => i * 7 % 10)];
        using CudaActivation rows = device.Rows(x, columns, type);
        using CudaActivation sums = device.Rows(y, columns);
        using CudaArray<float> factors = device.Array(weights);
        using CudaArray<int> rowOf = device.Array(list);

        device.Operations.AddWeighted(rows, rowOf.Address, factors.Address, PerToken, tokens, sums);

        for (int i = 0; i < tokens * PerToken; i++)
        {
            for (int column = 0; column < columns; column++)
            {
                ref float sum = ref y[(i / PerToken * columns) + column];
                sum = MathF.FusedMultiplyAdd(weights[i], x[(list[i] * columns) + column], sum);
            }
        }

        Assert.Equal(y, device.Read(sums, tokens));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(33, 96)]
    [InlineData(2, 6401)]
    public void A_bias_is_added_to_each_row(int rows, int columns)
    {
        float[] x = RowsDevice.Values(rows * columns, 7);
        float[] b = RowsDevice.Values(columns, 8);
        using CudaActivation sums = device.Rows(x, columns);
        using CudaActivation bias = device.Rows(b, columns);
        device.Operations.AddBias(sums, rows, bias);
        Assert.Equal(x.Select((value, at) => value + b[at % columns]), device.Read(sums, rows));
    }

    [Fact]
    public void Rows_of_other_shapes_are_refused()
    {
        using CudaActivation x = device.Rows(2, 8);
        using CudaActivation rounded = device.Rows(2, 8, ElementType.BF16);
        using CudaActivation longer = device.Rows(2, 9);
        Assert.Throws<ArgumentException>(() => device.Operations.Gather(x, 0, 1, rounded));
        Assert.Throws<ArgumentException>(() => device.Operations.Gather(x, 0, 1, longer));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Operations.Gather(rounded, 0, 3, x));
        Assert.Throws<ArgumentException>(() => device.Operations.Embed(x, 0, 1, rounded));
        Assert.Throws<ArgumentException>(() => device.Operations.AddWeighted(x, 0, 0, 1, 1, rounded));
        Assert.Throws<ArgumentException>(() => device.Operations.AddBias(x, 1, longer));
    }
}
