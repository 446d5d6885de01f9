namespace HunyuanOrleans.Cli.Output;

/// <summary>What bench --silos prints for machines: contenders measured in turn, each beside the first.</summary>
internal sealed record BenchClusterResult(string Model, string Mode, int Threads, int Prompt, int Gen, BenchContender[] Contenders);

/// <summary>One way to run the model.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Silos">Number of silos; 0 for this process alone.</param>
/// <param name="PrefillTokensPerSecond">Speed of one prompt, to its first token.</param>
/// <param name="PrefillRatio">Over that of the first contender.</param>
/// <param name="Decode">Decoding.</param>
internal sealed record BenchContender(string Name, int Silos, double PrefillTokensPerSecond, double PrefillRatio, BenchClusterDecode[] Decode);

/// <summary>Decoding of several sequences together.</summary>
/// <param name="Batch">Number of sequences.</param>
/// <param name="TokensPerSecond">Speed of all together.</param>
/// <param name="Ratio">Over that of the first contender.</param>
/// <param name="CallsPerToken">Messages between silos, for each token of prompts and answers.</param>
/// <param name="BytesPerToken">Bytes in them.</param>
/// <param name="CallMicroseconds">Time of a call to experts elsewhere, their work included.</param>
/// <param name="EmptyCallMicroseconds">Time of an empty call with as many bytes: what no call can be faster than.</param>
internal sealed record BenchClusterDecode(
    int Batch, double TokensPerSecond, double Ratio, double CallsPerToken, double BytesPerToken, double? CallMicroseconds, double? EmptyCallMicroseconds);
