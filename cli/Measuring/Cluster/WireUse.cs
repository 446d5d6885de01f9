namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>What crossed between silos for each token, of prompts and answers.</summary>
/// <param name="CallsPerToken">Messages with rows.</param>
/// <param name="BytesPerToken">Bytes of rows.</param>
/// <param name="BytesPerCall">Bytes of rows in a message and its reply.</param>
/// <param name="CallMicroseconds">Time of a call to experts, their work included; null where there was none.</param>
internal readonly record struct WireUse(double CallsPerToken, double BytesPerToken, double BytesPerCall, double? CallMicroseconds)
{
    /// <summary>The traffic of some tokens.</summary>
    public static WireUse Of(Traffic traffic, long tokens) => new(
        (double)traffic.Calls / tokens,
        (double)traffic.Bytes / tokens,
        traffic.Calls == 0 ? 0 : (double)traffic.Bytes / traffic.Calls,
        traffic.ExpertCalls == 0 ? null : traffic.ExpertSeconds / traffic.ExpertCalls * 1e6);
}
