using System.Numerics;
using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Adapters.Merging;

/// <summary>Rows of a stored tensor to which rows of an adapter's product are added. Packed tensors have several such ranges.</summary>
/// <param name="range">The rows.</param>
/// <param name="module">The adapter's module.</param>
/// <param name="firstOutput">The module's output that belongs to the first row.</param>
internal sealed class MergedRows(RowRange range, LoraModule module, int firstOutput)
{
    private readonly Lazy<float[]> _a = new(() => Singles(module.A, 0, (int)module.A.Shape[0]));

    /// <summary>The rows.</summary>
    public RowRange Range => range;

    /// <summary>The ranges of all modules of an adapter.</summary>
    public static IEnumerable<MergedRows> Of(Weights weights, LoraFolder folder)
    {
        foreach (LoraModule module in folder.Modules)
        {
            int output = 0;
            foreach (RowRange range in Rows(weights, module.Place).Ranges)
            {
                yield return new MergedRows(range, module, output);
                output += range.RowCount;
            }
        }
    }

    /// <summary>Adds scale * B A to one row: w += (scale * B[row, j]) * A[j], rank by rank in float32.</summary>
    /// <param name="row">Row of the tensor.</param>
    /// <param name="weights">The row; changed.</param>
    public void AddTo(long row, Span<float> weights)
    {
        float[] b = Singles(module.B, firstOutput + (int)(row - range.FirstRow), 1);
        for (int j = 0; j < b.Length; j++)
        {
            Add(module.Scale * b[j], _a.Value.AsSpan(j * weights.Length, weights.Length), weights);
        }
    }

    /// <summary>Whether a row of the tensor belongs to the range.</summary>
    public bool Contains(long row) => row >= range.FirstRow && row < (long)range.FirstRow + range.RowCount;

    private static void Add(float factor, ReadOnlySpan<float> a, Span<float> weights)
    {
        Span<Vector<float>> wide = MemoryMarshal.Cast<float, Vector<float>>(weights);
        ReadOnlySpan<Vector<float>> wideA = MemoryMarshal.Cast<float, Vector<float>>(a);
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = Vector.FusedMultiplyAdd(new Vector<float>(factor), wideA[i], wide[i]);
        }

        for (int i = wide.Length * Vector<float>.Count; i < weights.Length; i++)
        {
            weights[i] = MathF.FusedMultiplyAdd(factor, a[i], weights[i]);
        }
    }

    private static float[] Singles(TensorView tensor, int firstRow, int rows)
    {
        int columns = (int)tensor.Shape[1], rowBytes = columns * tensor.StoredType.Size();
        float[] values = new float[rows * columns];
        Conversion.ToSingles(tensor.Slice((long)firstRow * rowBytes, rows * rowBytes), tensor.ElementType, values);
        return values;
    }

    private static RowSource Rows(Weights weights, AdaptedPlace place)
    {
        switch (place.Projection)
        {
            case AdaptedProjection.Query:
                return weights.Query(place.Layer);
            case AdaptedProjection.Key:
                return weights.Key(place.Layer);
            case AdaptedProjection.Value:
                return weights.Value(place.Layer);
            case AdaptedProjection.Output:
                return weights.AttentionOutput(place.Layer);
            default:
                MlpRows mlp = place.Expert >= 0 ? weights.Expert(place.Layer, place.Expert)
                    : weights.Config.IsMoeLayer(place.Layer) ? weights.Shared(place.Layer)
                    : weights.Dense(place.Layer);
                return place.Projection == AdaptedProjection.Gate ? mlp.Gate : place.Projection == AdaptedProjection.Up ? mlp.Up : mlp.Down;
        }
    }
}
