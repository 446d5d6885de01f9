using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Devices;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Model;

/// <summary>
/// A piece whose weights and KV memory are loaded but not yet installed. The caller owns it until it is installed, which passes the
/// memory to the device; disposing it afterwards does nothing.
/// </summary>
public sealed class PreparedPiece : IPreparedPiece
{
    private Contents? _contents;

    internal PreparedPiece(ModelDevice device, ModelPiece piece, long weightBytes, PieceWeights weights, IDisposable region, IDeviceMemory? kv)
    {
        Device = device;
        Piece = piece;
        WeightBytes = weightBytes;
        KvBytes = kv?.ByteLength ?? 0;
        _contents = new Contents(piece, weightBytes, weights, region, kv);
    }

    /// <inheritdoc/>
    public ModelPiece Piece { get; }

    /// <summary>Bytes of weights in the device's memory; 0 for an embedding that is read from the mapped checkpoint.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of KV memory; 0 unless it is an attention piece.</summary>
    public long KvBytes { get; }

    /// <summary>The only device it can be installed on.</summary>
    internal ModelDevice Device { get; }

    /// <inheritdoc/>
    public bool Install() => Device.Install(this);

    /// <summary>Frees the memory unless the piece was installed.</summary>
    public void Dispose()
    {
        if (Take() is { } contents)
        {
            contents.Kv?.Dispose();
            contents.Region.Dispose();
            Device.Books.Add(-contents.WeightBytes, -(contents.Kv?.ByteLength ?? 0));
        }
    }

    /// <summary>Passes ownership of the memory to the caller; null if it was already taken or disposed.</summary>
    internal Contents? Take() => Interlocked.Exchange(ref _contents, null);

    internal sealed record Contents(ModelPiece Piece, long WeightBytes, PieceWeights Weights, IDisposable Region, IDeviceMemory? Kv);
}
