namespace HunyuanOrleans.Kernels.Devices;

/// <summary>The rows of an embedding on a device.</summary>
public interface IEmbeddingTable : IDisposable
{
    /// <summary>Bytes of the device's memory that it takes.</summary>
    long ByteLength { get; }

    /// <summary>Writes a row for each token.</summary>
    /// <param name="tokens">Row numbers, which the caller has checked.</param>
    /// <param name="x">Receives float32 [tokens, columns].</param>
    void Embed(ReadOnlySpan<int> tokens, IActivation x);
}
