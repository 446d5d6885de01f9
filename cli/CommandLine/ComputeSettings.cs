using System.CommandLine;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads the options that say how to compute.</summary>
internal static class ComputeSettings
{
    /// <summary>What the command line says; the rest at its defaults.</summary>
    public static ModelOptions Read(ParseResult parsed) => new()
    {
        Mode = parsed.GetValue(SharedOptions.Mode) == "f32" ? ComputeMode.F32 : ComputeMode.Bf16,
        Kv = parsed.GetValue(SharedOptions.Kv) is { } kv ? Enum.Parse<KvFormat>(kv, ignoreCase: true) : null,
        Threads = parsed.GetValue(SharedOptions.Threads) ?? 0,
        PackedCache = parsed.GetResult(SharedOptions.PackedCache) is null
            ? null
            : parsed.GetValue(SharedOptions.PackedCache) ?? SharedOptions.ModelFolder(parsed),
        Warn = parsed.InvocationConfiguration.Error.WriteLine,
    };
}
