using System.Globalization;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization.Writing;

/// <summary>A part of a tensor that is written as a tensor of its own.</summary>
/// <param name="Name">The name to write.</param>
/// <param name="FirstRow">The first row, in the tensor as one matrix.</param>
/// <param name="Rows">Number of rows.</param>
internal readonly record struct TensorPart(string Name, long FirstRow, long Rows);

/// <summary>Divides tensors with all experts of a layer, [experts, rows, columns], into the matrices of single experts.</summary>
internal static class StackedExperts
{
    private const string GateUp = ".mlp.experts.gate_up_proj", Down = ".mlp.experts.down_proj";

    /// <summary>Whether a tensor contains all experts of a layer.</summary>
    public static bool IsStack(TensorView tensor, ModelConfig config) =>
        config.Family == ModelFamily.HyV3 && tensor.Shape.Length == 3
        && (tensor.Name.EndsWith(GateUp, StringComparison.Ordinal) || tensor.Name.EndsWith(Down, StringComparison.Ordinal));

    /// <summary>The matrices of all experts, under the names that separate tensors have. Of gate_up_proj, the first half of the rows is gate.</summary>
    public static IEnumerable<TensorPart> Split(TensorView tensor)
    {
        (long experts, long rows) = (tensor.Shape[0], tensor.Shape[1]);
        string prefix = tensor.Name[..(tensor.Name.LastIndexOf('.') + 1)];
        string[] names = tensor.Name.EndsWith(GateUp, StringComparison.Ordinal) ? ["gate_proj", "up_proj"] : ["down_proj"];
        long part = rows / names.Length;
        for (long expert = 0; expert < experts; expert++)
        {
            for (int i = 0; i < names.Length; i++)
            {
                yield return new TensorPart(
                    string.Create(CultureInfo.InvariantCulture, $"{prefix}{expert}.{names[i]}.weight"), (expert * rows) + (i * part), part);
            }
        }
    }
}
