namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>Traffic between silos per token, counting the tokens of prompts and answers.</summary>
/// <param name="CallsPerToken">Calls that carry activations.</param>
/// <param name="BytesPerToken">Bytes of activations.</param>
/// <param name="BytesPerCall">Bytes of activations in a call and its reply.</param>
/// <param name="CallMicroseconds">Mean duration of a call to experts, including the experts' work; null if there was no such call.</param>
internal readonly record struct WireStatistics(double CallsPerToken, double BytesPerToken, double BytesPerCall, double? CallMicroseconds)
{
    /// <summary>Divides traffic by the number of tokens that caused it.</summary>
    public static WireStatistics Of(SiloTraffic traffic, long tokens) => new(
        (double)traffic.Calls / tokens,
        (double)traffic.Bytes / tokens,
        traffic.Calls == 0 ? 0 : (double)traffic.Bytes / traffic.Calls,
        traffic.ExpertCalls == 0 ? null : traffic.ExpertSeconds / traffic.ExpertCalls * 1e6);
}
