namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>The arguments of every matrix product: y[token][row] = sum over k of x[token][k] * w[row][k], for one matrix or one for each expert.</summary>
internal struct ProductArguments
{
    /// <summary>Addresses of the weights and the scales of each expert, 16 bytes an expert, or 0 if there is one matrix.</summary>
    public ulong Table;

    /// <summary>Weights of the one matrix.</summary>
    public ulong Weights;

    /// <summary>Scales of the one matrix.</summary>
    public ulong Scales;

    /// <summary>int32 [experts + 1]: expert e has the tokens from the e-th to before the next number. 0 if the first <see cref="Tokens"/> are all.</summary>
    public ulong Starts;

    /// <summary>Rows of activations. Bytes between the last column and a multiple of 64 are zero.</summary>
    public ulong X;

    /// <summary>Rows of results. Bytes after the last row of weights are not written.</summary>
    public ulong Y;

    /// <summary>Bytes from token to token of <see cref="X"/>, a multiple of 64.</summary>
    public int XStride;

    /// <summary>Bytes from token to token of <see cref="Y"/>, a multiple of 4.</summary>
    public int YStride;

    /// <summary>Number of tokens if <see cref="Starts"/> is 0.</summary>
    public int Tokens;

    /// <summary>Number of experts if <see cref="Starts"/> is not 0.</summary>
    public int Experts;

    /// <summary>Number of results of a token. Pairs of gate and up rows give one result.</summary>
    public int Rows;

    /// <summary>Row tiles of the matrix. Float32 matrices do not use it.</summary>
    public int RowTiles;

    /// <summary>Column tiles of the matrix; for float32 matrices, columns padded to 4.</summary>
    public int ColumnTiles;

    /// <summary>A number of <see cref="ProductEpilogue"/>.</summary>
    public int Epilogue;
}
