using HunyuanOrleans.Cuda.Kernels;

namespace HunyuanOrleans.Cuda.Products;

/// <summary>Chooses the shape of kernel that is expected to be the fastest.</summary>
internal static class ProductShapes
{
    /// <summary>Chooses a shape.</summary>
    /// <param name="matrix">The weights.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="multiprocessors">Multiprocessors of the device.</param>
    public static ProductShape Choose(DeviceMatrix matrix, in ProductTokens tokens, int multiprocessors)
    {
        if (tokens.Most <= 8)
        {
            return ProductShape.Decode;
        }

        // Large blocks pay if they have enough tokens, and if there are enough of them to keep most of the device busy.
        long perMatrix = tokens.Total / matrix.Experts;
        long blocks = Blocks(matrix.Layout.RowTiles, PrefillProduct.RowTiles) * Blocks(perMatrix, PrefillProduct.Tokens) * matrix.Experts;
        return perMatrix > BatchProduct.Tokens && blocks * 2 > multiprocessors ? ProductShape.Prefill : ProductShape.Batch;
    }

    private static long Blocks(long length, int block) => (length + block - 1) / block;
}
