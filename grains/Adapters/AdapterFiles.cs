using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>Reads of an adapter's folder what silos compare.</summary>
internal static class AdapterFiles
{
    /// <summary>Computes the digest of an adapter and the bytes that it takes in memory. It reads all of its weights.</summary>
    /// <exception cref="ModelException">The adapter is damaged or unreadable, or does not fit the model.</exception>
    public static (string Digest, long Bytes) Read(string folder, ModelConfig model)
    {
        try
        {
            using LoraFolder opened = LoraFolder.Open(folder, model);
            return (LoraAdapter.DigestOf(opened), NativeBuffer.AllocatedBytesOf(LoraAdapter.BytesOf(opened)));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{folder}: the adapter cannot be read: {fault.Message}");
        }
    }
}
