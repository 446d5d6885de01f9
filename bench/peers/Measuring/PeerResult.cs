namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>The best rounds of both engines, and the machine's limits between the rounds.</summary>
/// <param name="Weights">The form of weights of our engine.</param>
/// <param name="PeerWeights">That of llama.cpp.</param>
/// <param name="Case">What was measured.</param>
/// <param name="TokensPerSecond">Our tokens/s.</param>
/// <param name="PeerTokensPerSecond">llama.cpp's.</param>
/// <param name="Ratio">Ours divided by llama.cpp's.</param>
/// <param name="ReadBytes">The highest memory read bandwidth in bytes/s.</param>
/// <param name="PeakOperations">The highest arithmetic in operations/s that our instruction set has for the products of these weights.</param>
internal sealed record PeerResult(
    string Weights, string PeerWeights, string Case, double TokensPerSecond, double PeerTokensPerSecond, double Ratio, double ReadBytes, double PeakOperations);
