using System.CommandLine;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads the options that say how to compute.</summary>
internal static class ComputeSettings
{
    /// <summary>What the command line says; the rest at its defaults.</summary>
    public static ModelOptions Read(ParseResult parsed) => new()
    {
        Mode = Mode(parsed),
        Quant = Quant(parsed),
        Kv = parsed.GetValue(SharedOptions.Kv) is { } kv ? Enum.Parse<KvFormat>(kv, ignoreCase: true) : null,
        Threads = parsed.GetValue(SharedOptions.Threads) ?? 0,
        PackedCache = parsed.GetResult(SharedOptions.PackedCache) is null
            ? null
            : parsed.GetValue(SharedOptions.PackedCache) ?? SharedOptions.ModelFolder(parsed),
        OnWarning = parsed.InvocationConfiguration.Error.WriteLine,
    };

    /// <summary>The arithmetic.</summary>
    public static ComputeMode Mode(ParseResult parsed) => parsed.GetValue(SharedOptions.Mode) == "f32" ? ComputeMode.F32 : ComputeMode.Bf16;

    /// <summary>The form of the weights; null: as the checkpoint is.</summary>
    public static QuantFormat? Quant(ParseResult parsed) => parsed.GetValue(SharedOptions.Quant) is { } word ? QuantFormats.Parse(word) : null;
}
