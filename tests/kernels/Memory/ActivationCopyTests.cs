using HunyuanOrleans.Kernels.Memory;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Memory;

/// <summary>Copying rows out of and into activations without their padding.</summary>
public sealed class ActivationCopyTests
{
    [Theory]
    [InlineData(ElementType.F32, 7)]
    [InlineData(ElementType.BF16, 7)]
    [InlineData(ElementType.F32, 256)]
    [InlineData(ElementType.BF16, 512)]
    public void CopiedRowsAreEqualAndNothingElseChanges(ElementType type, int columns)
    {
        using Activation from = new(5, columns, type);
        using Activation to = new(4, columns, type);
        int row = columns * type.Size();
        for (int i = 0; i < 5; i++)
        {
            from.RowBytes(i).Fill((byte)(i + 1));
        }

        byte[] copy = new byte[2 * row];
        from.CopyOut(3, 2, copy);
        to.CopyIn(1, 2, copy);
        foreach ((int index, byte mark) in new[] { (0, (byte)0), (1, (byte)4), (2, (byte)5), (3, (byte)0) })
        {
            Assert.False(to.RowBytes(index).ContainsAnyExcept(mark));
        }

        to.CopyOut(4, 0, []);
        Assert.Throws<ArgumentException>(() => from.CopyOut(0, 2, new byte[(2 * row) + 1]));
        Assert.Throws<ArgumentException>(() => to.CopyIn(0, 1, copy));
        Assert.ThrowsAny<ArgumentException>(() => to.CopyIn(3, 2, copy));
        Assert.ThrowsAny<ArgumentException>(() => to.CopyIn(-1, 2, copy));
    }
}
