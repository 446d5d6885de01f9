using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Copies parts of a product to shared memory. All lanes of a warp take part.</summary>
internal static class ProductCopy
{
    // A warp copies 16 bytes for each lane at once.
    private const int WarpBytes = 512;

    /// <summary>Starts copying a tile of weights.</summary>
    public static void Tile<TWeights>(uint shared, ulong source, int lane)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        uint target = shared + ((uint)lane * 16);
        source += (ulong)lane * 16;
        if (type.TileBytes >= WarpBytes || lane * 16 < type.TileBytes)
        {
            Ptx.CopyAsync(target, source, 16);
        }

        if (type.TileBytes > WarpBytes)
        {
            Ptx.CopyAsync(target + WarpBytes, source + WarpBytes, 16);
        }
    }

    /// <summary>Starts copying scales, at most 512 bytes.</summary>
    public static void Scales(uint shared, ulong source, int bytes, int lane)
    {
        if (lane * 16 < bytes)
        {
            Ptx.CopyAsync(shared + ((uint)lane * 16), source + ((ulong)lane * 16), 16);
        }
    }
}
