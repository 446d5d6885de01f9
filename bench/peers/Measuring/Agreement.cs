namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>How far apart the logits of both engines are on the same model and tokens.</summary>
/// <param name="Weights">The form of weights of our engine.</param>
/// <param name="PeerWeights">That of llama.cpp.</param>
/// <param name="Divergence">Mean KL divergence of llama.cpp's distributions from ours, in nats.</param>
/// <param name="LargestDifference">The largest difference of two logits.</param>
/// <param name="SameToken">Share of positions at which both find the same token the likeliest.</param>
/// <param name="DivergenceLimit">The highest divergence that counts as agreement.</param>
internal sealed record Agreement(string Weights, string PeerWeights, double Divergence, double LargestDifference, double SameToken, double DivergenceLimit)
{
    /// <summary>Whether both compute the same model. NaN is no agreement.</summary>
    public bool Passed => Divergence <= DivergenceLimit;
}
