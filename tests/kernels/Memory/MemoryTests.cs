using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Memory;

/// <summary>New buffers and activations are zero and reject ranges outside their bounds.</summary>
public sealed class MemoryTests
{
    [Fact]
    public void BuffersAreZeroAndRejectRangesOutside()
    {
        foreach (long bytes in new[] { 0L, 1, 100, 3 << 20 })
        {
            using NativeBuffer buffer = new(bytes);
            Assert.False(buffer.Slice(0, (int)bytes).ContainsAnyExcept((byte)0));
            Assert.True(buffer.AllocatedBytes >= bytes);
            Assert.Equal(0, buffer.Slice(bytes, 0).Length);
            foreach ((long offset, int count) in new[] { (bytes, 1), (0L, (int)bytes + 1), (-1L, 1), (0L, -1), (long.MaxValue, 1), (bytes + 1, 0) })
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Slice(offset, count).Length);
            }
        }

        NativeBuffer disposed = new(8);
        disposed.Dispose();
        disposed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => disposed.Slice(0, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer(-1));
    }

    [Fact]
    public void RowsAreZeroAndRejectNumbersOutside()
    {
        foreach (int columns in new[] { 1, 16, 17, 256, 1024 })
        {
            using Activation rows = new(3, columns, ElementType.F32);
            Assert.True(rows.Stride >= columns * 4 && rows.Stride % 64 == 0 && rows.Stride % 1024 != 0);
            ActivationRows.AssertSameBits(new float[columns], rows.Row(2), "a fresh row");
            Assert.Throws<ArgumentOutOfRangeException>(() => rows.Row(3).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => rows.Row(-1).Length);
        }

        using Activation rounded = new(1, 8, ElementType.BF16);
        Assert.Throws<InvalidOperationException>(() => rounded.Row(0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Activation(1, 8, ElementType.F16));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Activation(0, 8, ElementType.F32));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Activation(1, 0, ElementType.F32));
    }
}
