namespace HunyuanOrleans.Cli.Output;

/// <summary>What bench prints for machines. Speeds are medians of its runs.</summary>
internal sealed record BenchResult(
    string Model,
    string Mode,
    string Kv,
    int Threads,
    string Isa,
    InspectedParameters Parameters,
    long WeightBytes,
    double LoadSeconds,
    int Prompt,
    int Gen,
    BenchPrefill Prefill,
    BenchDecode[] Decode);

/// <summary>Prompt processing of one sequence.</summary>
/// <param name="TokensPerSecond">Speed.</param>
/// <param name="FirstTokenMs">From the request to its first token.</param>
/// <param name="OperationsPerSecond">Multiplications and additions of the model's weight matrices.</param>
/// <param name="PeakOperationsPerSecond">What the machine reaches on registers, measured beside it.</param>
/// <param name="FractionOfPeak">The one over the other.</param>
internal sealed record BenchPrefill(
    double TokensPerSecond, double FirstTokenMs, double OperationsPerSecond, double PeakOperationsPerSecond, double FractionOfPeak);

/// <summary>Decoding of several sequences together.</summary>
/// <param name="Batch">Number of sequences.</param>
/// <param name="TokensPerSecond">Speed of all together.</param>
/// <param name="BytesPerToken">Weights and cache read for a token.</param>
/// <param name="BytesPerSecond">Read per second.</param>
/// <param name="ReadBytesPerSecond">What the machine reads, measured beside it.</param>
/// <param name="FractionOfRead">The one over the other.</param>
internal sealed record BenchDecode(
    int Batch, double TokensPerSecond, double BytesPerToken, double BytesPerSecond, double ReadBytesPerSecond, double FractionOfRead);
