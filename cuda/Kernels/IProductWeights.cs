using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// A form of weights for tensor cores. A matrix is tiles of 16 rows and 32 columns, those of 16 rows one after the other. A tile is multiplied in two
/// steps of 16 columns. With g = lane / 4 and t = lane % 4, a lane needs of rows g and g + 8 the columns 8t to 8t + 7: four for each step. So it
/// needs the same 8 columns, 16 bytes, of token g.
/// </summary>
internal interface IProductWeights
{
    /// <summary>Bytes of a tile.</summary>
    int TileBytes { get; }

    /// <summary>Bytes of the scales of a tile, or 0.</summary>
    int TileScaleBytes { get; }

    /// <summary>Stages of the ring through which a single warp copies weights: 4 or 6, so that about 16 KB are on their way.</summary>
    int DecodeStages { get; }

    /// <summary>Loads a lane's part of a tile.</summary>
    /// <param name="tile">Address of the tile in shared memory.</param>
    /// <param name="scales">Address of its scales in shared memory.</param>
    /// <param name="lane">The lane.</param>
    ProductFragment Load(uint tile, uint scales, int lane);

    /// <summary>Adds the product of a tile with 8 tokens to the sums.</summary>
    Float4 Multiply(ProductFragment weights, Uint4 tokens, Float4 sums);

    /// <summary>Multiplies the sums by the scales of rows, if the form has them.</summary>
    /// <param name="sums">The sums over all columns.</param>
    /// <param name="scales">Address of the scales of the matrix.</param>
    /// <param name="row">The lane's upper row in the matrix; the lower one is 8 later.</param>
    Float4 ScaleRows(Float4 sums, ulong scales, int row);
}
