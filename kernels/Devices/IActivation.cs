using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A reusable buffer of float32 or bfloat16 rows on a device, [rows, columns].</summary>
public interface IActivation : IRowBuffer, IDisposable
{
    /// <summary>Number of elements in a row.</summary>
    int Columns { get; }

    /// <summary>Element type, F32 or BF16.</summary>
    ElementType Type { get; }

    /// <summary>Copies the first rows to the first rows of a buffer in the memory of this process.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">A buffer with the same columns and type.</param>
    /// <exception cref="ArgumentException">The buffers do not fit.</exception>
    void CopyTo(int rows, Activation target);
}
