using System.Globalization;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Bench.Counts;

/// <summary>
/// Computes from counted instructions and data sheets how long the products of a layer take on GPUs, if nothing but them and the start of kernels takes
/// time. Each token chooses k of E experts, all equally often:
/// <code>
/// weights read = attention + shared expert + expert * E (1 - (1 - k/E)^tokens)
/// seconds = max(bytes / memory's speed, operations / tensor cores' speed, instructions / what the schedulers begin) + kernels * 1 us
/// </code>
/// The limit without instructions is what an ideal kernel would need; the one with all of PTX is what these need if an assembler folds none.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="counts">The counted products, for a type and shape each.</param>
internal sealed class LayerPrediction(ModelConfig config, IReadOnlyList<ProductCount> counts)
{
    private const double KernelStart = 1e-6;
    private const int Kernels = 15;
    private const int DecodeTokens = 8;
    private const int BatchTokens = 64;

    private static readonly int[] Streams = [1, 4, 16, 64];
    private static readonly int[] Prompts = [2048];

    /// <summary>Prints a line for each type of weights and number of tokens.</summary>
    public void Print()
    {
        Console.WriteLine($"milliseconds of a layer of {config.HiddenSize} columns: an ideal kernel to these with all instructions of PTX");
        Console.WriteLine($"weights  tokens  {string.Join("  ", GpuSheet.All.Select(static gpu => $"{gpu.Name,-14}"))}");
        foreach (ElementType type in counts.Select(static count => count.Weights).Distinct())
        {
            foreach (int tokens in (int[])[.. Streams, .. Prompts])
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type,-8} {tokens,6}  {string.Join("  ", GpuSheet.All.Select(gpu => Range(gpu, type, tokens)))}"));
            }
        }
    }

    /// <summary>Seconds of a layer.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="type">Type of all weights.</param>
    /// <param name="tokens">Tokens of the step.</param>
    /// <param name="countInstructions">Whether instructions take time.</param>
    public double Seconds(GpuSheet gpu, ElementType type, int tokens, bool countInstructions)
    {
        int layer = config.FirstMoeLayer;
        double hidden = config.HiddenSize, chosen = Math.Max(1, config.TopK(layer));
        double experts = config.Experts * (1 - Math.Pow(1 - (chosen / config.Experts), tokens));
        double attention = hidden * ((2.0 * config.QuerySize) + (2.0 * config.KvSize)), shared = 3 * hidden * config.SharedIntermediateSize(layer);
        double expert = 3 * hidden * config.IntermediateSize(layer);
        return Product(gpu, type, attention + shared, tokens, 1, countInstructions)
            + Product(gpu, type, expert, tokens * chosen / experts, experts, countInstructions)
            + (Kernels * KernelStart);
    }

    private string Range(GpuSheet gpu, ElementType type, int tokens) => string.Create(
        CultureInfo.InvariantCulture, $"{1e3 * Seconds(gpu, type, tokens, false),5:F2} to {1e3 * Seconds(gpu, type, tokens, true),5:F2}");

    private double Product(GpuSheet gpu, ElementType type, double weights, double tokens, double matrices, bool countInstructions)
    {
        ProductShape shape = tokens <= DecodeTokens ? ProductShape.Decode : tokens <= BatchTokens ? ProductShape.Batch : ProductShape.Prefill;
        ProductCount count = counts.Single(count => count.Weights == type && count.Shape == shape);
        double matrix = (double)count.Outputs * count.Columns;

        // The counted product fills its tiles: others take as many instructions for each tile that any of their tokens is in.
        double tiles = Math.Ceiling(tokens / count.Tokens) * count.Tokens;
        double instructions = countInstructions ? count.Instructions * (weights / matrix) * (shape == ProductShape.Decode ? 1 : tiles / count.Tokens) : 0;
        return gpu.Seconds(matrices * weights * count.WeightBytes / matrix, 2 * matrices * weights * tokens, matrices * instructions);
    }
}
