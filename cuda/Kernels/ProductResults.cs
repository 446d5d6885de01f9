using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// The sums of a warp in shared memory, [token][row], so that a warp stores neighbouring rows of a token together. Strides avoid bank conflicts.
/// </summary>
internal struct ProductResults
{
    /// <summary>Bytes from token to token for one row tile.</summary>
    public const int StrideOf16Rows = 20 * 4;

    /// <summary>Bytes from token to token for four row tiles.</summary>
    public const int StrideOf64Rows = 68 * 4;

    /// <summary>Address of the sums.</summary>
    public uint Shared;

    /// <summary>Bytes from token to token.</summary>
    public int Stride;

    /// <summary>Puts a lane's sums of a row tile and a token tile.</summary>
    public void Put(int rowTile, int tokenTile, int lane, Float4 sums)
    {
        int token = (tokenTile * 8) + ((lane & 3) * 2);
        uint address = Shared + (uint)(token * Stride) + (uint)(((rowTile * 16) + (lane >> 2)) * 4);
        Ptx.StoreSharedFloat(address, sums.A);
        Ptx.StoreSharedFloat(address + (uint)Stride, sums.B);
        Ptx.StoreSharedFloat(address + 32, sums.C);
        Ptx.StoreSharedFloat(address + (uint)Stride + 32, sums.D);
    }

    /// <summary>Stores what the warp has put.</summary>
    /// <param name="arguments">The product.</param>
    /// <param name="group">The expert.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="firstToken">First token in the group.</param>
    /// <param name="tokens">Tokens that were put.</param>
    /// <param name="firstRowTile">First row tile in the matrix.</param>
    /// <param name="rowTiles">Row tiles that were put, 1 or 4.</param>
    public void Store(ProductArguments arguments, ProductGroup group, int lane, int firstToken, int tokens, int firstRowTile, int rowTiles)
    {
        bool paired = ProductEpilogue.IsPaired(arguments.Epilogue);

        // Two results of a token are stored at once. Their number for each token is a power of two.
        int pairsOfTile = paired ? 2 : 3;
        int pairsOfToken = rowTiles == 4 ? pairsOfTile + 2 : pairsOfTile;
        int valid = group.Tokens - firstToken;
        int end = (valid < tokens ? valid : tokens) << pairsOfToken;
        for (int i = lane; i < end; i += 32)
        {
            int token = i >> pairsOfToken;
            int pair = i & ((1 << pairsOfToken) - 1);
            int row = ((firstRowTile << pairsOfTile) + pair) * 2;
            if (row >= arguments.Rows)
            {
                continue;
            }

            ulong target = arguments.Y + ((ulong)(group.First + firstToken + token) * (ulong)arguments.YStride);
            uint address = Shared + (uint)(token * Stride);
            if (paired)
            {
                address += (uint)(((pair >> 2) * 64) + ((pair & 3) * 8));
                float first = KernelMath.SwiGlu(Ptx.LoadSharedFloat(address), Ptx.LoadSharedFloat(address + 32));
                float second = KernelMath.SwiGlu(Ptx.LoadSharedFloat(address + 4), Ptx.LoadSharedFloat(address + 36));
                ProductEpilogue.StorePair(arguments, target, row, first, second);
            }
            else
            {
                address += (uint)(pair * 8);
                ProductEpilogue.StorePair(arguments, target, row, Ptx.LoadSharedFloat(address), Ptx.LoadSharedFloat(address + 4));
            }
        }
    }
}
