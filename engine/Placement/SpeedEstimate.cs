using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// How long one token of one stream takes, decoded alone:
/// <code>
/// sum over layers of  attention + gate, read on the layer's silo
///                   + expected max of { shared expert and chosen experts there, read one after the other;
///                                       call + chosen experts, read on each other silo that has any }
/// + lm_head + a call wherever attention goes on on another silo
/// </code>
/// Reading takes bytes / memory bandwidth, or operations / speed where that is longer; a call takes the latency of the slower of the two
/// silos, plus the rows sent (2 bytes an element each way) over the slower bandwidth. Assumed: all bandwidth is reached, a silo's layers
/// wait for each other, one context short enough that reading its K/V costs nothing beside the weights, nothing else runs. So it is an
/// upper limit for one stream; streams decoded together share what they read and give more in all.
/// </summary>
internal sealed class SpeedEstimate
{
    private const int SentBytes = 2;
    private const int ResidualBytes = 4;

    private readonly PlanState _state;
    private readonly PlanProblem _problem;

    public SpeedEstimate(PlanState state)
    {
        _state = state;
        _problem = state.Problem;
        Sum();
    }

    /// <summary>Seconds per token.</summary>
    public double Seconds { get; private set; }

    /// <summary>Calls between silos per token, expected.</summary>
    public double Calls { get; private set; }

    private void Sum()
    {
        ModelConfig config = _problem.Config;
        (double Seconds, double Calls) layer = default;
        for (int l = 0; l < config.Layers; l++)
        {
            int home = Home(l);
            if (l == 0 || !Alike(l - 1, l))
            {
                layer = FeedForward(l, home);
            }

            Seconds += Read(home, _problem.Sizes.Attention(l) + _problem.Sizes.Gate(l), _problem.Sizes.AttentionType(l)) + layer.Seconds;
            Calls += layer.Calls;
            if (l > 0 && Home(l - 1) != home)
            {
                Seconds += Call(Home(l - 1), home) + (Wire(Home(l - 1), home) * config.HiddenSize * ResidualBytes);
                Calls++;
            }
        }

        Seconds += Read(Home(config.Layers - 1), _problem.Sizes.Head, _problem.Sizes.HeadType);
    }

    private (double Seconds, double Calls) FeedForward(int layer, int home)
    {
        double shared = Read(home, _problem.Sizes.Shared(layer), _problem.Sizes.SharedType(layer));
        int[] owners = _state.ExpertOwner[layer];
        if (owners.Length == 0)
        {
            return (shared, 0);
        }

        // The home comes first, whether it has experts or not.
        int[] silos = [home, .. owners.Distinct().Where(s => s != home).Order()];
        SiloExpertTiming[] branches = new SiloExpertTiming[silos.Length];
        double rows = 2.0 * _problem.Config.HiddenSize * SentBytes;
        for (int i = 0; i < silos.Length; i++)
        {
            int s = silos[i];
            double[] chances = [.. Enumerable.Range(0, owners.Length).Where(e => owners[e] == s).Select(e => _problem.ExpertProbability[layer][e])];
            double expert = Read(s, _problem.ExpertBytes[layer], _problem.Sizes.ExpertType(layer));
            branches[i] = i == 0
                ? new SiloExpertTiming(chances, shared, shared, expert)
                : new SiloExpertTiming(chances, 0, Call(home, s), expert + (rows * Wire(home, s)));
        }

        SlowestSiloEstimate choice = new(_problem.Config.TopK(layer), branches);
        return (choice.Slowest(), Enumerable.Range(1, silos.Length - 1).Sum(choice.Reached));
    }

    private int Home(int layer) => _state.GroupOwner[layer / _problem.Config.ClaFactor];

    private bool Alike(int a, int b) =>
        Home(a) == Home(b) && _problem.ExpertBytes[a] == _problem.ExpertBytes[b] && _problem.Sizes.Shared(a) == _problem.Sizes.Shared(b)
        && _problem.Sizes.ExpertType(a) == _problem.Sizes.ExpertType(b) && _problem.Sizes.SharedType(a) == _problem.Sizes.SharedType(b)
        && _problem.Config.TopK(a) == _problem.Config.TopK(b) && _state.ExpertOwner[a].AsSpan().SequenceEqual(_state.ExpertOwner[b])
        && _problem.ExpertProbability[a].AsSpan().SequenceEqual(_problem.ExpertProbability[b]);

    // A multiplication and an addition for each element read.
    private double Read(int silo, long bytes, ElementType type)
    {
        SiloCapacity capacity = _problem.Silos[silo];
        double elements = type == ElementType.I4 ? 2.0 * bytes : (double)bytes / type.Size();
        return Math.Max(bytes / capacity.MemoryBandwidth, 2 * elements / capacity.Operations);
    }

    private double Call(int a, int b) => Math.Max(_problem.Silos[a].NetworkLatency, _problem.Silos[b].NetworkLatency);

    private double Wire(int a, int b) => 1 / Math.Min(_problem.Silos[a].NetworkBandwidth, _problem.Silos[b].NetworkBandwidth);
}
