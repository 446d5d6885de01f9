namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>bench</c>. Each measurement is the best of its runs.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Mode">The types of the weights.</param>
/// <param name="Kv">The type of keys and values.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Isa">The instruction set.</param>
/// <param name="Parameters">Numbers of weights.</param>
/// <param name="WeightBytes">Bytes of the loaded weights.</param>
/// <param name="LoadSeconds">How long loading took.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Gen">Measured tokens of each answer.</param>
/// <param name="Prefill">The speed of prefill.</param>
/// <param name="Decode">The speed of decoding for each batch size.</param>
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

/// <summary>The speed of processing one prompt.</summary>
/// <param name="TokensPerSecond">Prompt tokens per second.</param>
/// <param name="FirstTokenMs">Milliseconds from the request to its first token.</param>
/// <param name="OperationsPerSecond">Multiplications and additions with the model's weight matrices per second.</param>
/// <param name="PeakOperationsPerSecond">The most the machine reaches on values in registers, measured before and after the run.</param>
/// <param name="FractionOfPeak"><paramref name="OperationsPerSecond"/> divided by <paramref name="PeakOperationsPerSecond"/>.</param>
internal sealed record BenchPrefill(
    double TokensPerSecond, double FirstTokenMs, double OperationsPerSecond, double PeakOperationsPerSecond, double FractionOfPeak);

/// <summary>The speed of decoding several sequences together.</summary>
/// <param name="Batch">Number of sequences.</param>
/// <param name="TokensPerSecond">Tokens of all sequences per second.</param>
/// <param name="BytesPerToken">Bytes of weights and K/V cache read per token.</param>
/// <param name="BytesPerSecond">Bytes of weights and K/V cache read per second.</param>
/// <param name="ReadBytesPerSecond">The memory bandwidth of the machine, measured before and after the run.</param>
/// <param name="FractionOfRead"><paramref name="BytesPerSecond"/> divided by <paramref name="ReadBytesPerSecond"/>.</param>
internal sealed record BenchDecode(
    int Batch, double TokensPerSecond, double BytesPerToken, double BytesPerSecond, double ReadBytesPerSecond, double FractionOfRead);
