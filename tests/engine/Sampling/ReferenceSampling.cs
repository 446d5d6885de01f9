using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Tests.Sampling;

/// <summary>Reference implementation of sampling: sorts the whole row and computes in float64.</summary>
internal static class ReferenceSampling
{
    /// <summary>Computes the probability of each token that may be drawn, from logits to which penalties and bans are already applied.</summary>
    public static Dictionary<int, double> Probabilities(float[] logits, SamplingParams p)
    {
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).ToList();
        if (p.TopK > 0)
        {
            order = [.. order.Take(p.TopK)];
        }

        double max = logits[order[0]];
        double Weight(int id) => Math.Exp((logits[id] - max) / p.Temperature);
        double total = order.Sum(Weight), sum = 0;
        List<int> kept = [];
        foreach (int id in order)
        {
            if (sum >= p.TopP * total && p.TopP < 1)
            {
                break;
            }

            sum += Weight(id);
            kept.Add(id);
        }

        kept = [.. kept.Where(id => Weight(id) >= p.MinP && Weight(id) > 1e-37)];
        double mass = kept.Sum(Weight);
        return kept.ToDictionary(id => id, id => Weight(id) / mass);
    }
}
