using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace HunyuanOrleans.Train.Tests;

/// <summary>A float32 tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Values">Its values.</param>
internal sealed record StoredTensor(string Name, long[] Shape, float[] Values);

/// <summary>Reads safetensors files independently of the product's reader.</summary>
internal static class StoredTensors
{
    public static List<StoredTensor> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(8, header));
        List<StoredTensor> tensors = [];
        foreach (JsonProperty entry in json.RootElement.EnumerateObject().Where(static entry => entry.Name != "__metadata__"))
        {
            int first = 8 + header + entry.Value.GetProperty("data_offsets")[0].GetInt32();
            int end = 8 + header + entry.Value.GetProperty("data_offsets")[1].GetInt32();
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt64())];
            float[] values = entry.Value.GetProperty("dtype").GetString() switch
            {
                "F32" => MemoryMarshal.Cast<byte, float>(file.AsSpan(first..end)).ToArray(),
                "BF16" => [.. MemoryMarshal.Cast<byte, ushort>(file.AsSpan(first..end)).ToArray().Select(static bits => BitConverter.UInt32BitsToSingle((uint)bits << 16))],
                string other => throw new NotSupportedException(other),
                null => throw new NotSupportedException(),
            };
            tensors.Add(new StoredTensor(entry.Name, shape, values));
        }

        return tensors;
    }
}
