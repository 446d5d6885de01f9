using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints.Rows;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Finds quantised matrices that need a reader of their rows: those of GPTQ and AWQ, and those with groups, blocks or zero points.</summary>
internal sealed class GroupedLookup(Checkpoint checkpoint, ModelConfig config)
{
    private readonly QuantizedTensors _tensors = new(checkpoint, config);

    /// <summary>Finds a quantised matrix [rows, columns], and adds the names of its tensors other than the codes.</summary>
    /// <exception cref="ModelException">A tensor is missing or has another shape or type; the message names it.</exception>
    public FoundTensor Find(string weight, int rows, int columns, WeightScheme scheme, List<string> names)
    {
        bool gptq = scheme.Form is StoredForm.Gptq or StoredForm.GptqV2 or StoredForm.Awq;
        ICodeRows codes = gptq ? Gptq(weight, rows, columns, scheme, names) : Codes(weight, rows, columns, scheme, names);
        ScaleTable scales = gptq ? GptqScales(weight, rows, columns, scheme, names) : Scales(weight, rows, columns, scheme, names);
        StoredRows provider = new(codes, scheme.Type, columns, scales, ZeroPoints(weight, rows, columns, scheme, names));
        StoredScales stored = new(scheme.Type, scales.Tensor, 0, null, names) { Provider = provider, RowBytes = provider.RowBytes };
        return new FoundTensor(codes.Tensor, stored);
    }

    private ICodeRows Gptq(string weight, int rows, int columns, WeightScheme scheme, List<string> names)
    {
        string name = QuantizedLookup.GptqName(weight);
        int perNumber = 32 / scheme.Bits;
        if (columns % (scheme.Form == StoredForm.Awq ? 1 : perNumber) != 0 || rows % perNumber != 0)
        {
            throw new ModelException(
                $"{checkpoint.Source}: \"{name}\" has {rows} outputs and {columns} inputs; allowed: multiples of {perNumber} in a checkpoint of " +
                $"{config.QuantizationMethod}.");
        }

        if (scheme.Form == StoredForm.Awq)
        {
            return new AwqCodes(_tensors.Get(name, [StoredType.I32], [columns, rows / perNumber]));
        }

        _tensors.RequireOrderedGroups(WeightNames.Module(weight) + ".g_idx", columns, scheme.GroupSize, names);
        return new GptqCodes(_tensors.Get(name, [StoredType.I32], [columns / perNumber, rows]));
    }

    private ICodeRows Codes(string weight, int rows, int columns, WeightScheme scheme, List<string> names)
    {
        if (scheme.Form == StoredForm.Packed)
        {
            _tensors.RequireOrderedGroups(weight + "_g_idx", columns, scheme.GroupSize, names);
            return new RowCodes(_tensors.Packed(weight, rows, columns, scheme.Bits, names));
        }

        return scheme.Type == ElementType.F8E4M3Block
            ? new RowCodes(_tensors.Get(weight, [StoredType.F8E4M3], [rows, columns]))
            : new SignedByteCodes(_tensors.Get(weight, [StoredType.I8], [rows, columns]), scheme.Bits);
    }

    private ScaleTable GptqScales(string weight, int rows, int columns, WeightScheme scheme, List<string> names)
    {
        names.Add(WeightNames.Module(weight) + ".scales");
        return new ScaleTable(_tensors.Get(names[^1], QuantizedTensors.Floats, [Groups(columns, scheme), rows]), scheme.GroupSize, 1, IsTransposed: true);
    }

    private ScaleTable Scales(string weight, int rows, int columns, WeightScheme scheme, List<string> names)
    {
        string inverse = weight + "_scale_inv";
        names.Add(checkpoint.TryGet(inverse, out _) ? inverse : weight + "_scale");
        switch (scheme.Scales)
        {
            case ScaleGranularity.Tensor:
                return new ScaleTable(_tensors.Get(names[^1], QuantizedTensors.Floats, [], [1], [1, 1]), 0, int.MaxValue, IsTransposed: false);
            case ScaleGranularity.Block:
                const int size = WeightScheme.BlockSize;
                long[] blocks = [(rows + size - 1) / size, (columns + size - 1) / size];

                // modelopt writes the sizes of a block between them.
                return new ScaleTable(
                    _tensors.Get(names[^1], QuantizedTensors.Floats, blocks, [blocks[0], 1, blocks[1], 1]), size, size, IsTransposed: false);
            default:
                int groups = Groups(columns, scheme);
                TensorView tensor = groups == 1
                    ? _tensors.Get(names[^1], QuantizedTensors.Floats, [rows, 1], [rows])
                    : _tensors.Get(names[^1], QuantizedTensors.Floats, [rows, groups]);
                return new ScaleTable(tensor, scheme.GroupSize, 1, IsTransposed: false);
        }
    }

    private ZeroPoints? ZeroPoints(string weight, int rows, int columns, WeightScheme scheme, List<string> names)
    {
        int groups = Groups(columns, scheme), perNumber = 32 / scheme.Bits;
        if (scheme.Form is StoredForm.Gptq or StoredForm.GptqV2 or StoredForm.Awq)
        {
            names.Add(WeightNames.Module(weight) + ".qzeros");
            return Create(_tensors.Get(names[^1], [StoredType.I32], [groups, rows / perNumber]), scheme);
        }

        string name = weight + "_zero_point";
        if (!scheme.HasZeroPoints)
        {
            // Symmetric modules may come with zero points of zero.
            if (checkpoint.TryGet(name, out _))
            {
                names.Add(name);
            }

            return null;
        }

        names.Add(name);
        return scheme.Form == StoredForm.Packed
            ? Create(_tensors.Get(name, [StoredType.I32], [(rows + perNumber - 1) / perNumber, groups]), scheme)
            : scheme.Scales == ScaleGranularity.Tensor
                ? throw new ModelException($"{checkpoint.Source}: \"{name}\" is one zero point for a whole tensor; allowed: one for each row or group.")
                : Create(_tensors.Get(name, [StoredType.I8], [rows, groups], [rows]), scheme);
    }

    private static ZeroPoints Create(TensorView tensor, WeightScheme scheme) => new(tensor, scheme.Form, scheme.Bits, scheme.GroupSize);

    private static int Groups(int columns, WeightScheme scheme) =>
        scheme.Scales != ScaleGranularity.Group || scheme.GroupSize == 0 ? 1 : (columns + scheme.GroupSize - 1) / scheme.GroupSize;
}
