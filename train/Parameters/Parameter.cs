using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Train.Parameters;

/// <summary>A tensor that is trained: its float32 values, their gradient, and the moments that AdamW keeps.</summary>
public sealed class Parameter : IDisposable
{
    /// <summary>Allocates the tensor with zeros.</summary>
    /// <param name="name">Name in the checkpoint.</param>
    /// <param name="shape">[rows, columns], or [length].</param>
    /// <param name="decays">Whether weight decay applies.</param>
    public Parameter(string name, long[] shape, bool decays)
    {
        (Name, Shape, Decays) = (name, shape, decays);
        int rows = shape.Length == 1 ? 1 : checked((int)shape[0]);
        int columns = checked((int)shape[^1]);
        Value = new Activation(rows, columns, ElementType.F32);
        Gradient = new Activation(rows, columns, ElementType.F32);
        First = new Activation(rows, columns, ElementType.F32);
        Second = new Activation(rows, columns, ElementType.F32);
    }

    /// <summary>Name in the checkpoint.</summary>
    public string Name { get; }

    /// <summary>[rows, columns], or [length].</summary>
    public long[] Shape { get; }

    /// <summary>Whether weight decay applies: to all but norms and biases.</summary>
    public bool Decays { get; }

    /// <summary>The values, [rows, columns] or [1, length].</summary>
    public Activation Value { get; }

    /// <summary>The gradient.</summary>
    public Activation Gradient { get; }

    /// <summary>First moments of AdamW.</summary>
    public Activation First { get; }

    /// <summary>Second moments of AdamW.</summary>
    public Activation Second { get; }

    /// <summary>Number of values.</summary>
    public long Count => (long)Value.Rows * Value.Columns;

    /// <inheritdoc/>
    public void Dispose()
    {
        Value.Dispose();
        Gradient.Dispose();
        First.Dispose();
        Second.Dispose();
    }
}
