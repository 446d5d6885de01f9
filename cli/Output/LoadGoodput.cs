namespace HunyuanOrleans.Cli.Output;

/// <summary>The requests of <c>load</c> that met the limits of --goodput.</summary>
/// <param name="Ttft">The limit of the time to the first token, in milliseconds; null for none.</param>
/// <param name="Tpot">The limit of the time per token after the first, in milliseconds; null for none.</param>
/// <param name="E2el">The limit of the whole request, in milliseconds; null for none.</param>
/// <param name="Requests">Number of requests within the limits.</param>
/// <param name="RequestsPerSecond">Requests within the limits per second.</param>
internal sealed record LoadGoodput(double? Ttft, double? Tpot, double? E2el, int Requests, double RequestsPerSecond);
