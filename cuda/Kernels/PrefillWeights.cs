namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A lane's part of the weights of four row tiles.</summary>
internal struct PrefillWeights
{
    public ProductFragment A;
    public ProductFragment B;
    public ProductFragment C;
    public ProductFragment D;

    /// <summary>Loads four row tiles that follow each other in shared memory.</summary>
    public static PrefillWeights Load<TWeights>(uint tiles, uint scales, int lane)
        where TWeights : struct, IProductWeights
    {
        TWeights type = default;
        return new PrefillWeights
        {
            A = type.Load(tiles, scales, lane),
            B = type.Load(tiles + (uint)type.TileBytes, scales + (uint)type.TileScaleBytes, lane),
            C = type.Load(tiles + (uint)(2 * type.TileBytes), scales + (uint)(2 * type.TileScaleBytes), lane),
            D = type.Load(tiles + (uint)(3 * type.TileBytes), scales + (uint)(3 * type.TileScaleBytes), lane),
        };
    }
}
