using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Rows;

public sealed class CudaActivationTests(RowsDevice device) : IClassFixture<RowsDevice>
{
    [Theory]
    [InlineData(1, 1, ElementType.BF16)]
    [InlineData(300, 5, ElementType.F32)]
    [InlineData(33, 64, ElementType.F32)]
    [InlineData(300, 6401, ElementType.BF16)]
    public void Rows_that_were_copied_in_come_out_and_their_padding_stays_zero(int rows, int columns, ElementType type)
    {
        using CudaActivation activation = device.Rows(rows + 2, columns, type);
        byte[] source = new byte[rows * activation.RowLength];
        new Random(1).NextBytes(source);
        activation.CopyIn(1, rows, source);

        byte[] target = new byte[source.Length];
        activation.CopyOut(1, rows, target);
        Assert.Equal(source, target);
        byte[] raw = new byte[(rows + 2) * activation.Stride];
        device.Staging.CopyOut(activation.Address, raw, activation.Stride, activation.Stride);
        Assert.Equal(0, activation.Stride % 64);
        for (int row = 0; row < rows + 2; row++)
        {
            int used = row == 0 || row == rows + 1 ? 0 : activation.RowLength;
            Assert.False(raw.AsSpan((row * activation.Stride) + used, activation.Stride - used).ContainsAnyExcept((byte)0));
        }
    }

    [Fact]
    public void The_source_may_change_after_it_was_copied_in()
    {
        using CudaActivation activation = device.Rows(3, 40);
        byte[] source = [.. Enumerable.Range(0, activation.RowLength).Select(static i => (byte)i)];
        byte[] expected = [.. source];
        activation.CopyIn(0, 1, source);
        Array.Clear(source);
        activation.CopyIn(1, 1, source);
        activation.CopyIn(2, 1, source);
        byte[] target = new byte[activation.RowLength];
        activation.CopyOut(0, 1, target);
        Assert.Equal(expected, target);
    }

    [Fact]
    public void Copies_and_shapes_that_do_not_fit_are_refused()
    {
        using CudaActivation activation = device.Rows(2, 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => activation.CopyOut(1, 2, new byte[64]));
        Assert.Throws<ArgumentException>(() => activation.CopyIn(0, 2, new byte[63]));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Rows(0, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Rows(1, 8, ElementType.I8));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Rows(1, device.Staging.HalfBytes));
    }
}
