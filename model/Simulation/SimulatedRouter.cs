using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>Chooses experts by a hash of the row and the layer, some more often than others.</summary>
internal sealed class SimulatedRouter
{
    private readonly ModelConfig _config;
    private readonly double[] _cumulative;

    /// <summary>Creates the router.</summary>
    /// <param name="config">The model.</param>
    /// <param name="skew">The n-th most popular expert of a layer is chosen in proportion to n to the power of minus this value.</param>
    public SimulatedRouter(ModelConfig config, double skew)
    {
        _config = config;
        _cumulative = new double[Math.Max(1, config.Experts)];
        double sum = 0;
        for (int i = 0; i < _cumulative.Length; i++)
        {
            _cumulative[i] = sum += Math.Pow(i + 1, -skew);
        }

        for (int i = 0; i < _cumulative.Length; i++)
        {
            _cumulative[i] /= sum;
        }
    }

    /// <summary>Fills the experts and weights of a layer's rows.</summary>
    public void Route(int layer, ReadOnlySpan<ulong> rows, RoutedRows routed)
    {
        int topK = _config.TopK(layer);
        routed.Begin(rows.Length, topK);
        if (topK == 0)
        {
            return;
        }

        for (int row = 0; row < rows.Length; row++)
        {
            Choose(layer, rows[row], routed.Experts.AsSpan(row * topK, topK));
            routed.Weights.AsSpan(row * topK, topK).Fill(1f / topK);
        }

        routed.Order();
    }

    private void Choose(int layer, ulong row, Span<int> experts)
    {
        // Which expert is popular differs from layer to layer.
        int shift = (int)(SimulatedHash.Mix(0xE1, (ulong)layer) % (ulong)_config.Experts);
        ulong hash = SimulatedHash.Mix(row, (ulong)layer);
        for (int chosen = 0; chosen < experts.Length;)
        {
            int rank = Array.BinarySearch(_cumulative, SimulatedHash.Fraction(hash));
            rank = Math.Min(rank < 0 ? ~rank : rank + 1, _cumulative.Length - 1);
            int expert = (rank + shift) % _config.Experts;
            while (experts[..chosen].Contains(expert))
            {
                expert = (expert + 1) % _config.Experts;
            }

            experts[chosen++] = expert;
            hash = SimulatedHash.Mix(hash, 1);
        }

        experts.Sort();
    }
}
