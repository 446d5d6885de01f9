namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Rows of a stored matrix that can be read one by one, by any number of threads.</summary>
public interface IRowReader
{
    /// <summary>Number of rows.</summary>
    int Rows { get; }

    /// <summary>Number of elements in a row.</summary>
    int Columns { get; }

    /// <summary>Converts a row to float32.</summary>
    void ReadRow(int row, Span<float> destination);
}
