using System.Text;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Determines the element type of every matrix of a model in memory, from the requested format or from the checkpoint's quantisation. It
/// needs no weight files. Two loads of a model give the same bits only if their <see cref="Name"/>s are equal.
/// </summary>
public sealed class WeightTypes
{
    private readonly ModelConfig _config;
    private readonly QuantFormat? _format;

    private WeightTypes(ModelConfig config, ComputeMode mode, QuantFormat? format)
    {
        _config = config;
        _format = format;
        Mode = mode;
        Name = (mode == ComputeMode.F32 ? "f32" : "bf16") + Suffix();
    }

    /// <summary>Precision of activations and of matrices that are not quantised.</summary>
    public ComputeMode Mode { get; }

    /// <summary>
    /// The format, <see cref="QuantFormat.None"/> if nothing is quantised; null for a checkpoint whose mix of types is none of the formats.
    /// </summary>
    public QuantFormat? Format => _format;

    /// <summary>A short name that is valid in file names: bf16, f32, bf16-int8-all, bf16-fp8-static, bf16-mixed-1a2b3c4d.</summary>
    public string Name { get; }

    /// <summary>Determines the types of a model's matrices.</summary>
    /// <param name="config">The model.</param>
    /// <param name="mode">Precision of activations and of matrices that are not quantised.</param>
    /// <param name="wanted">The requested format; null: as the checkpoint is stored.</param>
    /// <exception cref="ModelException">The checkpoint is quantised in another format than the requested one.</exception>
    public static WeightTypes Of(ModelConfig config, ComputeMode mode, QuantFormat? wanted)
    {
        if (config.Quantization is not { } stored)
        {
            return new WeightTypes(config, mode, wanted ?? QuantFormat.None);
        }

        QuantFormat? found = null;
        foreach (QuantFormat format in Enum.GetValues<QuantFormat>())
        {
            found ??= Modules(config).All(m => QuantPolicy.TypeOf(format, LinearRoles.Of(m)) == stored.SchemeOf(m)?.Type) ? format : null;
        }

        // An 8-bit float checkpoint may leave more modules unquantised than the format does; it still counts as fp8.
        bool floats = Modules(config).All(m => stored.SchemeOf(m)?.Type is null or ElementType.F8E4M3);
        if (wanted is not null && wanted != found && !(floats && wanted == QuantFormat.Fp8))
        {
            throw new ModelException(
                $"{config.Source}: the checkpoint is quantised already ({stored.Method}{(found is { } f ? $", {f.Name()}" : "")}), so it cannot be " +
                $"loaded as {wanted.Value.Name()}; allowed: {(found is { } only ? $"{only.Name()}, or " : "")}no --quant. " +
                "Quantise the original checkpoint for another format.");
        }

        return new WeightTypes(config, mode, found);
    }

    /// <summary>The type of a module's matrix. The name is that of published checkpoints without ".weight". Routers are float32.</summary>
    public ElementType TypeOf(string module)
    {
        LinearRole role = LinearRoles.Of(module);
        ElementType? type = _config.Quantization is { } stored
            ? stored.SchemeOf(module)?.Type
            : QuantPolicy.TypeOf(_format!.Value, role);
        return type ?? (module.EndsWith(".gate.wg", StringComparison.Ordinal) ? ElementType.F32 : Mode.Element());
    }

    // All experts of a layer have the same scheme, so the first one represents them.
    private static IEnumerable<string> Modules(ModelConfig config)
    {
        yield return "lm_head";
        for (int layer = 0; layer < config.Layers; layer++)
        {
            yield return WeightNames.Attention(layer) + "q_proj";
            yield return WeightNames.Attention(layer) + "o_proj";
            List<string> mlps = config.IsMoeLayer(layer) ? [WeightNames.ExpertMlp(layer, 0)] : [WeightNames.DenseMlp(layer)];
            if (config.SharedExperts(layer) > 0)
            {
                mlps.Add(WeightNames.SharedMlp(layer));
            }

            foreach (string mlp in mlps)
            {
                yield return mlp + "gate_proj";
                yield return mlp + "down_proj";
            }
        }
    }

    private string Suffix()
    {
        if (_format == QuantFormat.None)
        {
            return "";
        }

        bool staticInput = _config.Quantization is { } stored && Modules(_config).Any(m => stored.SchemeOf(m) is { StaticInput: true });
        if (_format is { } format)
        {
            return "-" + format.Name() + (staticInput ? "-static" : "");
        }

        // A mix of types without a name is identified by a hash of the list of types.
        StringBuilder text = new();
        foreach (string module in Modules(_config))
        {
            text.Append(TypeOf(module)).Append(staticInput ? 's' : 'd');
        }

        return $"-mixed-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(text.ToString())))[..8]}";
    }
}
