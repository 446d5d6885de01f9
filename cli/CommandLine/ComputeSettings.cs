using System.CommandLine;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>How to compute.</summary>
/// <param name="Mode">The arithmetic.</param>
/// <param name="Threads">Threads that compute.</param>
internal sealed record ComputeSettings(ComputeMode Mode, int Threads)
{
    /// <summary>What the command line says.</summary>
    public static ComputeSettings Read(ParseResult parsed) => new(
        parsed.GetValue(SharedOptions.Mode) == "f32" ? ComputeMode.F32 : ComputeMode.Bf16,
        parsed.GetValue(SharedOptions.Threads) ?? Environment.ProcessorCount);
}
