namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A vector in the memory of this process.</summary>
/// <param name="values">The elements. They are not copied.</param>
public sealed class HostVector(float[] values) : IVector
{
    /// <summary>The elements.</summary>
    public float[] Values { get; } = values;

    /// <inheritdoc/>
    public int Length => Values.Length;

    /// <summary>The elements of a vector that must be in the memory of this process.</summary>
    internal static float[] Of(IVector vector) => ((HostVector)vector).Values;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
