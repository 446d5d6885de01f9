using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// A piece whose weights (and KV memory) are in memory but not yet used. Installing it passes its memory to the device; until then it is
/// the caller's to dispose, and disposing it afterwards does nothing.
/// </summary>
public sealed class PreparedPiece : IDisposable
{
    private Contents? _contents;

    internal PreparedPiece(ModelDevice device, ModelPiece piece, long weightBytes, PieceWeights weights, IDisposable? region, NativeBuffer? kv)
    {
        Device = device;
        Piece = piece;
        WeightBytes = weightBytes;
        KvBytes = kv?.ByteLength ?? 0;
        _contents = new Contents(piece, weightBytes, weights, region, kv);
    }

    /// <summary>Which piece it is.</summary>
    public ModelPiece Piece { get; }

    /// <summary>Bytes of packed weights; 0 for the embedding, which is read from the checkpoint.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of KV memory, of an attention piece; else 0.</summary>
    public long KvBytes { get; }

    /// <summary>The only device it can be installed on.</summary>
    internal ModelDevice Device { get; }

    /// <summary>Frees its memory, unless it was installed.</summary>
    public void Dispose()
    {
        Contents? contents = Take();
        contents?.Kv?.Dispose();
        contents?.Region?.Dispose();
    }

    /// <summary>Passes the memory on; null where that was done, or where it was disposed.</summary>
    internal Contents? Take() => Interlocked.Exchange(ref _contents, null);

    internal sealed record Contents(ModelPiece Piece, long WeightBytes, PieceWeights Weights, IDisposable? Region, NativeBuffer? Kv);
}
