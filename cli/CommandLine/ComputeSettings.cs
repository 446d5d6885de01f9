using System.CommandLine;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads the options that set how a model computes.</summary>
internal static class ComputeSettings
{
    /// <summary>The model options of the command line; everything else has its default.</summary>
    public static ModelOptions Read(ParseResult parsed) => new()
    {
        Mode = Mode(parsed),
        Quant = Quant(parsed),
        Kv = Kv(parsed),
        Threads = parsed.GetValue(SharedOptions.Threads) ?? 0,
        PackedCache = parsed.GetResult(SharedOptions.PackedCache) is null
            ? null
            : parsed.GetValue(SharedOptions.PackedCache) ?? SharedOptions.ModelFolder(parsed),
        OnWarning = parsed.InvocationConfiguration.Error.WriteLine,
    };

    /// <summary>The arithmetic of the command line.</summary>
    public static ComputeMode Mode(ParseResult parsed) => parsed.GetValue(SharedOptions.Mode) == "f32" ? ComputeMode.F32 : ComputeMode.Bf16;

    /// <summary>The format of the weights; null means the format of the checkpoint.</summary>
    public static QuantFormat? Quant(ParseResult parsed) => parsed.GetValue(SharedOptions.Quant) is { } word ? QuantFormats.Parse(word) : null;

    /// <summary>The format of keys and values; null means that of the arithmetic.</summary>
    public static KvFormat? Kv(ParseResult parsed) => parsed.GetValue(SharedOptions.Kv) is { } word ? Enum.Parse<KvFormat>(word, ignoreCase: true) : null;
}
