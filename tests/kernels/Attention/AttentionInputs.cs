using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Tests.Support;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>Sizes of an attention problem.</summary>
public sealed record AttentionShape(int Heads, int KeyHeads, int HeadSize, bool Norm, bool Bias, bool NormsFirst = false)
{
    public int GroupHeads => Heads / KeyHeads;
}

/// <summary>
/// Deterministic projected rows and weights for a group of two layers. Layer 0 has keys and values; layer 1 reads them with its own queries
/// and norms.
/// </summary>
internal sealed class AttentionInputs
{
    private readonly int _seed;
    private readonly float _scale;
    private readonly Dictionary<(int Sequence, int Position, int Layer), float[]> _rows = [];

    public AttentionInputs(AttentionShape shape, int seed = 1, float scale = 3f)
    {
        Shape = shape;
        _seed = seed;
        _scale = scale;
        Parameters = [Layer(0), Layer(1)];
    }

    public AttentionShape Shape { get; }

    public LayerParameters[] Parameters { get; }

    /// <summary>A projected row before bias: [query | key | value] of layer 0, [query] of layer 1.</summary>
    public float[] Row(int sequence, int position, int layer)
    {
        if (_rows.TryGetValue((sequence, position, layer), out float[]? row))
        {
            return row;
        }

        int columns = layer == 0 ? (Shape.Heads + (2 * Shape.KeyHeads)) * Shape.HeadSize : Shape.Heads * Shape.HeadSize;
        int seed = (((((_seed * 31) + sequence) * 300007) + position) * 2) + layer;
        return _rows[(sequence, position, layer)] = ActivationRows.Random(columns, seed, scale: _scale);
    }

    public float[] Angles(int position)
    {
        float[] angles = new float[Shape.HeadSize / 2];
        for (int i = 0; i < angles.Length; i++)
        {
            angles[i] = position * MathF.Pow(500f, -2f * i / Shape.HeadSize);
        }

        return angles;
    }

    private LayerParameters Layer(int layer)
    {
        float[]? Norm(int seed) => Shape.Norm ? [.. ActivationRows.Random(Shape.HeadSize, seed + layer).Select(v => 1f + v)] : null;
        float[]? bias = Shape.Bias ? ActivationRows.Random(Row(0, 0, layer).Length, 50 + layer) : null;
        return new LayerParameters(bias, Norm(60), Norm(70), Shape.NormsFirst);
    }
}
