using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Estimates how long one token takes when a single stream is decoded:
/// <code>
/// sum over layers of  attention + gate, read on the layer's silo
///                   + expected max of { shared expert and chosen experts there, read one after the other;
///                                       call + chosen experts, read on each other silo that has any }
/// + lm_head + a call wherever the next layer's attention is on another silo
/// </code>
/// Reading takes bytes / memory bandwidth, or operations / speed if that is longer. A call takes the latency of the slower of the two
/// silos, plus the rows sent (2 bytes per element each way) over the slower bandwidth. Assumptions: all bandwidth is reached, the layers of
/// a silo wait for each other, the context is so short that reading its K/V costs nothing beside the weights, and nothing else runs. So
/// the speed is an upper limit for one stream; streams decoded together share what they read and reach more in total.
/// </summary>
internal sealed class SpeedEstimate
{
    private readonly PlanState _state;
    private readonly PlanProblem _problem;

    public SpeedEstimate(PlanState state)
    {
        _state = state;
        _problem = state.Problem;
        Compute();
    }

    /// <summary>Seconds per token.</summary>
    public double Seconds { get; private set; }

    /// <summary>Expected number of calls between silos per token.</summary>
    public double Calls { get; private set; }

    private void Compute()
    {
        ModelConfig config = _problem.Config;
        (double Seconds, double Calls) layer = default;
        for (int l = 0; l < config.Layers; l++)
        {
            int silo = _state.AttentionSilo(l);
            if (l == 0 || !_state.HasSameFeedForward(l - 1, l))
            {
                layer = FeedForward(l, silo);
            }

            Seconds += _problem.ReadSeconds(silo, _problem.Sizes.Attention(l) + _problem.Sizes.Gate(l), _problem.Sizes.AttentionType(l), 1) + layer.Seconds;
            Calls += layer.Calls;
            if (l > 0 && _state.AttentionSilo(l - 1) != silo)
            {
                Seconds += _problem.HopSeconds(_state.AttentionSilo(l - 1), silo, 1);
                Calls++;
            }
        }

        Seconds += _problem.ReadSeconds(_state.AttentionSilo(config.Layers - 1), _problem.Sizes.Head, _problem.Sizes.HeadType, 1);
    }

    private (double Seconds, double Calls) FeedForward(int layer, int attentionSilo)
    {
        double shared = _problem.ReadSeconds(attentionSilo, _problem.Sizes.Shared(layer), _problem.Sizes.SharedType(layer), 1);
        int[] owners = _state.ExpertOwner[layer];
        if (owners.Length == 0)
        {
            return (shared, 0);
        }

        // The layer's own silo comes first, even without experts: it computes the shared expert.
        int[] silos = [attentionSilo, .. owners.Distinct().Where(s => s != attentionSilo).Order()];
        SiloExpertTiming[] timings = new SiloExpertTiming[silos.Length];
        double rows = 2.0 * _problem.Config.HiddenSize * PlanProblem.SentElementBytes;
        for (int i = 0; i < silos.Length; i++)
        {
            int s = silos[i];
            double[] probabilities = [.. Enumerable.Range(0, owners.Length).Where(e => owners[e] == s).Select(e => _problem.ExpertProbability[layer][e])];
            double expert = _problem.ReadSeconds(s, _problem.ExpertBytes[layer], _problem.Sizes.ExpertType(layer), 1);
            timings[i] = i == 0
                ? new SiloExpertTiming(probabilities, shared, shared, expert)
                : new SiloExpertTiming(probabilities, 0, _problem.CallSeconds(attentionSilo, s), expert + (rows * _problem.SecondsPerByte(attentionSilo, s)));
        }

        SlowestSiloEstimate estimate = new(_problem.Config.TopK(layer), timings);
        return (estimate.Slowest(), Enumerable.Range(1, silos.Length - 1).Sum(estimate.Reached));
    }
}
