using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Model.Loading;

/// <summary>A vector of a <see cref="WeightPlan"/>, which is copied to the device later.</summary>
/// <param name="values">Its elements.</param>
public sealed class PlannedVector(float[] values)
{
    private IVector? _vector;

    /// <summary>Its elements.</summary>
    public float[] Values { get; } = values;

    /// <summary>The vector on the device.</summary>
    /// <exception cref="InvalidOperationException">It is not loaded yet.</exception>
    public IVector Vector
    {
        get => _vector ?? throw new InvalidOperationException("The vector is not loaded yet.");
        internal set => _vector = value;
    }
}
