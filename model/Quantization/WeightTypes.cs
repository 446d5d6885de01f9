using System.Text;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// The type of every matrix of one model as it is held in memory: what the user asked for, or what the checkpoint is. It knows names, not
/// files. Models held alike have equal <see cref="Name"/>s, and only they give the same bits.
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

    /// <summary>Precision of activations, and of matrices that are not quantised.</summary>
    public ComputeMode Mode { get; }

    /// <summary>The format, <see cref="QuantFormat.None"/> where nothing is quantised; null for a checkpoint whose mixture has no name.</summary>
    public QuantFormat? Format => _format;

    /// <summary>A short name, fit for a file: bf16, f32, bf16-int8-all, bf16-fp8-static, bf16-mixed-1a2b3c4d.</summary>
    public string Name { get; }

    /// <summary>Finds the types.</summary>
    /// <param name="config">The model.</param>
    /// <param name="mode">Precision of what is not quantised.</param>
    /// <param name="wanted">The format asked for; null: as the checkpoint is.</param>
    /// <exception cref="ModelException">The checkpoint is quantised already, and otherwise.</exception>
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

        // What else an 8-bit float checkpoint leaves unquantised is its maker's choice, and no other form.
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

    /// <summary>The type of a module's matrix, by its name in published checkpoints without .weight. Routers are float32.</summary>
    public ElementType TypeOf(string module)
    {
        LinearRole role = LinearRoles.Of(module);
        ElementType? type = _config.Quantization is { } stored
            ? stored.SchemeOf(module)?.Type
            : QuantPolicy.TypeOf(_format!.Value, role);
        return type ?? (module.EndsWith(".gate.wg", StringComparison.Ordinal) ? ElementType.F32 : Mode.Element());
    }

    // Experts of a layer are alike, so the first stands for all.
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

        // A checkpoint of its own mixture: what tells it from others is the list of its types.
        StringBuilder text = new();
        foreach (string module in Modules(_config))
        {
            text.Append(TypeOf(module)).Append(staticInput ? 's' : 'd');
        }

        return $"-mixed-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(text.ToString())))[..8]}";
    }
}
