namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A weight matrix [rows, columns] on a device, in the layout of its products.</summary>
public interface IMatrix
{
    /// <summary>Output rows.</summary>
    int Rows { get; }

    /// <summary>Input columns.</summary>
    int Columns { get; }

    /// <summary>Element type.</summary>
    ElementType Type { get; }
}
