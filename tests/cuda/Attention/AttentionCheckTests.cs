using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Ptx.Driver;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Attention that does not fit its buffers is refused before it reaches the device, which could not be used after it.</summary>
public sealed class AttentionCheckTests : IDisposable
{
    private const int Size = 16;
    private const int Heads = 4;
    private const int KeyHeads = 2;
    private const int Blocks = 6;
    private const int MaxRows = 3;
    private const int Columns = (Heads + (2 * KeyHeads)) * Size;
    private readonly CudaComputeDevice _device = new(new PtxDriver());
    private readonly IKvPool _kv;
    private readonly IAttention _attention;
    private readonly IStepRows _rows;

    public AttentionCheckTests()
    {
        _kv = _device.CreateKvPool(new KvShape(1, Blocks, KeyHeads, Size, ElementType.I8, ElementType.BF16), reserve: true);
        _attention = _device.CreateAttention(_kv, Heads, MaxRows);
        _rows = _attention.CreateRows();
        _rows.Begin(Batch(MaxRows, Heads));
    }

    public void Dispose()
    {
        _device.Synchronize();
        _rows.Dispose();
        _attention.Dispose();
        _kv.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData(MaxRows - 1, Columns, ElementType.F32, Columns, Size)]
    [InlineData(MaxRows, Columns + Size, ElementType.F32, Columns + Size, Size)]
    [InlineData(MaxRows, Columns, ElementType.BF16, Columns, Size)]
    [InlineData(MaxRows, Columns, ElementType.F32, Columns - 1, Size)]
    [InlineData(MaxRows, Heads * Size, ElementType.F32, Columns, Size)]
    [InlineData(MaxRows, Columns, ElementType.F32, Columns, Size - 1)]
    public void Projected_rows_that_do_not_fit_are_refused(int rows, int columns, ElementType type, int bias, int scale)
    {
        using IActivation projected = _device.CreateActivation(rows, columns, type);
        AttentionWeights weights = new(_device.CreateVector(new float[bias]), _device.CreateVector(new float[scale]), true, 1e-5f);
        Assert.ThrowsAny<ArgumentException>(() => _attention.Split(_rows, projected, weights, 0));
        weights.Bias!.Dispose();
        weights.QueryScale.Dispose();
    }

    [Theory]
    [InlineData(MaxRows - 1, Heads * Size, ElementType.BF16)]
    [InlineData(MaxRows, (Heads * Size) - 8, ElementType.BF16)]
    [InlineData(MaxRows, (Heads * Size) + 8, ElementType.BF16)]
    [InlineData(MaxRows, Heads * Size, ElementType.F32)]
    public void Outputs_that_do_not_fit_are_refused(int rows, int columns, ElementType type)
    {
        using IActivation output = _device.CreateActivation(rows, columns, type);
        Assert.ThrowsAny<ArgumentException>(() => _attention.Run(_rows, 0, output));
    }

    [Theory]
    [InlineData(Heads, MaxRows + 1)]
    [InlineData(2 * Heads, MaxRows)]
    public void Rows_of_other_attention_are_refused(int heads, int maxRows)
    {
        using IAttention other = _device.CreateAttention(_kv, heads, maxRows);
        using IStepRows rows = other.CreateRows();
        using IActivation output = _device.CreateActivation(maxRows, Heads * Size, ElementType.BF16);
        rows.Begin(Batch(maxRows, heads));
        Assert.Throws<ArgumentException>(() => _attention.Run(rows, 0, output));
    }

    [Theory]
    [InlineData(Blocks)]
    [InlineData(-1)]
    public void Blocks_that_do_not_exist_are_refused(int block)
    {
        AttentionBatch batch = new(Heads, KeyHeads);
        batch.Add(new AttentionSlice(0, 1, 40, new[] { block, 1 }));
        Assert.Throws<ArgumentException>(() => _rows.Begin(batch));
    }

    [Fact]
    public void Sequences_may_share_all_blocks_of_the_pool()
    {
        AttentionBatch batch = new(Heads, KeyHeads);
        for (int row = 0; row < MaxRows; row++)
        {
            batch.Add(new AttentionSlice(row, 1, (Blocks * 32) - 1, Enumerable.Range(0, Blocks).ToArray()));
        }

        _rows.Begin(batch);
    }

    private static AttentionBatch Batch(int rows, int heads)
    {
        AttentionBatch batch = new(heads, KeyHeads);
        batch.Add(new AttentionSlice(0, rows, 0, new int[1]));
        return batch;
    }
}
