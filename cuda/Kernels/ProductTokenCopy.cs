using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>What a lane copies of the activations of four tokens: 16 bytes of each at a time, or zeros after the last token.</summary>
internal struct ProductTokenCopy
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;
    private int _bytesOfA;
    private int _bytesOfB;
    private int _bytesOfC;
    private int _bytesOfD;

    /// <summary>Finds the tokens.</summary>
    /// <param name="arguments">The product.</param>
    /// <param name="group">The expert.</param>
    /// <param name="firstToken">The first token of the warp's first token tile.</param>
    /// <param name="distance">Tokens from one of the four to the next.</param>
    /// <param name="lane">The lane.</param>
    public static ProductTokenCopy From(ProductArguments arguments, ProductGroup group, int firstToken, int distance, int lane)
    {
        int token = firstToken + (lane >> 2);
        ulong column = (ulong)(lane & 3) * 16;
        return new ProductTokenCopy
        {
            _a = group.TokenAddress(arguments, token) + column,
            _b = group.TokenAddress(arguments, token + distance) + column,
            _c = group.TokenAddress(arguments, token + (2 * distance)) + column,
            _d = group.TokenAddress(arguments, token + (3 * distance)) + column,
            _bytesOfA = group.TokenBytes(token),
            _bytesOfB = group.TokenBytes(token + distance),
            _bytesOfC = group.TokenBytes(token + (2 * distance)),
            _bytesOfD = group.TokenBytes(token + (3 * distance)),
        };
    }

    /// <summary>Starts copying a column tile.</summary>
    /// <param name="shared">Where the warp's first token tile goes.</param>
    /// <param name="distance">Bytes from one of its four token tiles to the next.</param>
    /// <param name="columnTile">The column tile.</param>
    /// <param name="lane">The lane.</param>
    public void Copy(uint shared, uint distance, int columnTile, int lane)
    {
        ulong offset = (ulong)(columnTile * 64);
        shared += (uint)lane * 16;
        Ptx.CopyAsync(shared, _a + offset, _bytesOfA);
        Ptx.CopyAsync(shared + distance, _b + offset, _bytesOfB);
        Ptx.CopyAsync(shared + (2 * distance), _c + offset, _bytesOfC);
        Ptx.CopyAsync(shared + (3 * distance), _d + offset, _bytesOfD);
    }
}
