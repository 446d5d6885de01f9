using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>
/// Quantises the linear modules of a small model to integers or 8-bit floats by rounding, and writes them in a published form. What each value stands for
/// is kept as the slow reference.
/// </summary>
internal sealed class QuantizedCopy
{
    private readonly string _model;
    private readonly List<TensorData> _left = [];

    private QuantizedCopy(string model) => _model = model;

    /// <summary>The quantised modules by name.</summary>
    public SortedDictionary<string, IntegerMatrix> Matrices { get; } = new(StringComparer.Ordinal);

    /// <summary>Quantises a model to integers.</summary>
    /// <param name="model">Folder of the model.</param>
    /// <param name="bits">4 or 8.</param>
    /// <param name="group">Columns of a group; 0 for whole rows.</param>
    /// <param name="symmetric">Whether all zero points are in the middle.</param>
    /// <param name="left">Says which modules stay as they are.</param>
    public static QuantizedCopy Integers(string model, int bits, int group, bool symmetric, Func<string, bool>? left = null)
    {
        QuantizedCopy copy = new(model);
        foreach (TensorData tensor in CheckpointRewriter.Read(model))
        {
            string module = tensor.Name[..tensor.Name.LastIndexOf('.')];
            bool quantised = LinearRoles.Of(module) is LinearRole.Attention or LinearRole.Mlp && tensor.Shape.Length == 2 && left?.Invoke(module) != true;
            if (!quantised)
            {
                copy._left.Add(tensor);
                continue;
            }

            float[] values = new float[tensor.Bytes.Length / tensor.Type.Size()];
            Conversion.ToSingles(tensor.Bytes, tensor.Type.Element()!.Value, values);
            copy.Matrices.Add(module, new IntegerMatrix(values, (int)tensor.Shape[0], (int)tensor.Shape[1], bits, group, symmetric));
        }

        return copy;
    }

    /// <summary>Writes the model.</summary>
    /// <param name="quantization">The quantization_config; null for none.</param>
    /// <param name="tensors">The tensors of a module.</param>
    /// <param name="change">Changes all tensors before they are written; may be null.</param>
    public TempFolder Write(string? quantization, Func<string, IntegerMatrix, IEnumerable<TensorData>> tensors, Action<List<TensorData>>? change = null)
    {
        List<TensorData> all = [.. _left, .. Matrices.SelectMany(m => tensors(m.Key, m.Value))];
        change?.Invoke(all);
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(_model, "config.json")))!.AsObject();
        if (quantization is not null)
        {
            config["quantization_config"] = JsonNode.Parse(quantization);
        }

        TempFolder folder = new();
        File.WriteAllText(folder.File("config.json"), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        CheckpointRewriter.Write(folder.Root, all);
        return folder;
    }

    /// <summary>Writes the values as float32, not quantised.</summary>
    public TempFolder WriteValues() => Write(null, static (module, m) =>
        [new TensorData(module + ".weight", StoredType.F32, [m.Rows, m.Columns], [.. Enumerable.Range(0, m.Rows * m.Columns).SelectMany(i => BitConverter.GetBytes(m.Value(i / m.Columns, i % m.Columns)))])]);
}

/// <summary>A matrix of integers with float16 scales and zero points.</summary>
internal sealed class IntegerMatrix
{
    private readonly int[] _codes;
    private readonly Half[] _scales;
    private readonly int[] _zeroPoints;

    public IntegerMatrix(float[] values, int rows, int columns, int bits, int group, bool symmetric)
    {
        (Rows, Columns, Bits) = (rows, columns, bits);
        Group = group == 0 ? columns : group;
        Groups = (columns + Group - 1) / Group;
        _codes = new int[rows * columns];
        _scales = new Half[rows * Groups];
        _zeroPoints = new int[rows * Groups];
        int levels = (1 << bits) - 1, middle = 1 << (bits - 1);
        for (int row = 0; row < rows; row++)
        {
            for (int g = 0; g < Groups; g++)
            {
                int first = g * Group, count = Math.Min(Group, columns - first);
                ReadOnlySpan<float> part = values.AsSpan((row * columns) + first, count);
                float low = 0, high = 0;
                foreach (float value in part)
                {
                    low = MathF.Min(low, value);
                    high = MathF.Max(high, value);
                }

                float scale = symmetric ? MathF.Max(high, -low) / (middle - 1) : (high - low) / levels;
                Half stored = (Half)MathF.Max(scale, 1e-4f);
                int zero = symmetric ? middle : Math.Clamp((int)MathF.Round(-low / (float)stored), 0, levels);
                _scales[(row * Groups) + g] = stored;
                _zeroPoints[(row * Groups) + g] = zero;
                for (int i = 0; i < count; i++)
                {
                    _codes[(row * columns) + first + i] = Math.Clamp((int)MathF.Round(part[i] / (float)stored) + zero, 0, levels);
                }
            }
        }
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Bits { get; }

    public int Group { get; }

    public int Groups { get; }

    /// <summary>A code without a sign.</summary>
    public int Code(int row, int column) => _codes[(row * Columns) + column];

    public Half Scale(int row, int group) => _scales[(row * Groups) + group];

    public int ZeroPoint(int row, int group) => _zeroPoints[(row * Groups) + group];

    /// <summary>scale * (code - zero point), which float32 represents exactly.</summary>
    public float Value(int row, int column) => (float)Scale(row, column / Group) * (Code(row, column) - ZeroPoint(row, column / Group));
}
