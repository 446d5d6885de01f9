using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Finds quantised matrices with their scales, and checks shapes and types. <see cref="StoredForm"/> says which tensors a matrix has; it also has
/// <c>input_scale</c> if the scheme stores a scale for inputs. Matrices that are not stored row by row, or whose scales are not, get a reader of their
/// rows.
/// </summary>
internal sealed class QuantizedLookup(Checkpoint checkpoint, ModelConfig config)
{
    private readonly QuantizedTensors _tensors = new(checkpoint, config);
    private readonly GroupedLookup _grouped = new(checkpoint, config);

    /// <summary>The name of the tensor with a weight's packed codes in compressed-tensors.</summary>
    public static string PackedName(string weight) => weight + "_packed";

    /// <summary>The name of the tensor with a weight's packed codes in GPTQ and AWQ.</summary>
    public static string GptqName(string weight) => WeightNames.Module(weight) + ".qweight";

    /// <summary>Finds a quantised matrix [rows, columns].</summary>
    /// <exception cref="ModelException">A tensor is missing or has another shape or type; the message names it.</exception>
    public FoundTensor Find(string weight, long rows, long columns, WeightScheme scheme)
    {
        List<string> names = [];
        FoundTensor found = (scheme.Form, scheme.Type) switch
        {
            (StoredForm.Weight, ElementType.I8) => Plain(weight, StoredType.I8, rows, columns, scheme, names),
            (StoredForm.Weight, ElementType.F8E4M3) => Plain(weight, StoredType.F8E4M3, rows, columns, scheme, names),
            (StoredForm.Packed, ElementType.I4) when scheme is { Scales: ScaleGranularity.Group, GroupSize: WeightScheme.GroupColumns } =>
                Packed(weight, rows, columns, scheme, names),
            (StoredForm.Gguf, _) => Blocks(weight, rows, columns, scheme.Type),
            _ => _grouped.Find(weight, (int)rows, (int)columns, scheme, names),
        };
        return found with { Scales = found.Scales! with { InputScale = InputScale(WeightNames.Module(weight), scheme, names), Names = names } };
    }

    private FoundTensor Plain(string weight, StoredType type, long rows, long columns, WeightScheme scheme, List<string> names)
    {
        TensorView codes = _tensors.Get(weight, [type], [rows, columns]);
        names.Add(weight + "_scale");
        bool forRows = checkpoint.TryGet(names[^1], out TensorView stored) && stored.ElementCount == rows && rows > 1;
        if (scheme.Scales == ScaleGranularity.Tensor && !forRows)
        {
            TensorView scale = _tensors.Get(names[^1], [StoredType.F32, StoredType.BF16, StoredType.F16], [], [1], [1, 1]);
            _tensors.RequirePositive(scale);
            return new FoundTensor(codes, new StoredScales(scheme.Type, scale, 0, null, []));
        }

        return new FoundTensor(codes, new StoredScales(scheme.Type, _tensors.Get(names[^1], QuantizedTensors.Floats, [rows, 1], [rows]), 1, null, []));
    }

    private FoundTensor Blocks(string weight, long rows, long columns, ElementType type) =>
        Blocks(_tensors.Get(weight, [type == ElementType.I4 ? StoredType.Q4_0 : StoredType.Q8_0], [rows, columns]), type);

    /// <summary>A tensor with blocks whose rows are provided as a type.</summary>
    public static FoundTensor Blocks(TensorView tensor, ElementType type)
    {
        GgufRows rows = new(tensor, type);
        return new FoundTensor(tensor, new StoredScales(type, tensor, 0, null, []) { Provider = rows, RowBytes = rows.RowBytes });
    }

    private FoundTensor Packed(string weight, long rows, long columns, WeightScheme scheme, List<string> names)
    {
        TensorView codes = _tensors.Packed(weight, rows, columns, scheme.Bits, names);
        names.Add(weight + "_scale");
        int perRow = (int)((columns + WeightScheme.GroupColumns - 1) / WeightScheme.GroupColumns);
        TensorView scales = perRow == 1
            ? _tensors.Get(names[^1], QuantizedTensors.Floats, [rows, 1], [rows])
            : _tensors.Get(names[^1], QuantizedTensors.Floats, [rows, perRow]);
        return new FoundTensor(codes, new StoredScales(scheme.Type, scales, perRow, null, []));
    }

    private float? InputScale(string module, WeightScheme scheme, List<string> names)
    {
        string name = module + ".input_scale";
        if (!scheme.StaticInput)
        {
            return checkpoint.TryGet(name, out _)
                ? throw new ModelException(
                    $"{checkpoint.Source}: tensor \"{name}\" exists, but \"quantization_config\" in {config.Source} says that inputs are " +
                    "quantised dynamically; allowed: a static activation_scheme, or no input scales.")
                : null;
        }

        names.Add(name);
        TensorView scale = _tensors.Get(name, [StoredType.F32, StoredType.BF16, StoredType.F16], [], [1], [1, 1]);
        return _tensors.RequirePositive(scale);
    }
}
