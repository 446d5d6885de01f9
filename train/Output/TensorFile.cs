using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Train.Output;

/// <summary>Writes and reads rows of tensors in safetensors files.</summary>
internal static class TensorFile
{
    /// <summary>Writes all rows of a tensor, in the type that the writer announced for it.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="values">float32 rows.</param>
    /// <param name="type">F32 or BF16.</param>
    public static void Write(SafetensorsWriter writer, string name, Activation values, ElementType type)
    {
        byte[] bytes = new byte[values.Columns * type.Size()];
        for (int row = 0; row < values.Rows; row++)
        {
            Conversion.FromSingles(values.Row(row), type, bytes);
            writer.Write(name, (long)row * bytes.Length, bytes);
        }
    }

    /// <summary>Reads a tensor of that shape.</summary>
    /// <param name="tensor">The stored tensor: F32, F16 or BF16.</param>
    /// <param name="values">Receives float32 rows.</param>
    public static void Read(TensorView tensor, Activation values)
    {
        int rowBytes = values.Columns * tensor.ElementType.Size();
        for (int row = 0; row < values.Rows; row++)
        {
            Conversion.ToSingles(tensor.Slice((long)row * rowBytes, rowBytes), tensor.ElementType, values.Row(row));
        }
    }
}
