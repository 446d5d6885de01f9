using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A reusable buffer of float32 or bfloat16 rows on a device, [rows, columns].</summary>
public interface IActivation : IRowBuffer, IDisposable
{
    /// <summary>Number of elements in a row.</summary>
    int Columns { get; }

    /// <summary>Element type, F32 or BF16.</summary>
    ElementType Type { get; }
}
