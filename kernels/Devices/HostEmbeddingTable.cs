using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Reads each row from where it is stored when it is needed.</summary>
internal sealed class HostEmbeddingTable(IRowReader rows) : IEmbeddingTable
{
    /// <inheritdoc/>
    public long ByteLength => 0;

    /// <inheritdoc/>
    public void Embed(ReadOnlySpan<int> tokens, IActivation x)
    {
        Activation target = (Activation)x;
        for (int i = 0; i < tokens.Length; i++)
        {
            rows.ReadRow(tokens[i], target.Row(i));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
