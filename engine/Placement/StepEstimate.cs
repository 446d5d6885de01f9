using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Estimates how long steps of many decoding sequences take on a plan, and from it in how many steps at once sequences are decoded fastest. A step reads
/// the attention, the shared experts and those experts that any of its rows has chosen; so two steps of half the rows read more than one, but keep silos
/// busy that would wait. For a step of R rows, with independent choices:
/// <code>
/// an expert is read with probability q = 1 - (1 - p)^R, and then has R p / q rows
/// latency = sum over layers of  attention + gate + expected max of { shared + chosen experts there; call + chosen experts on each other silo }
///         + lm_head + a call wherever the next layer's attention is on another silo
/// work of a silo = sum of all it reads in the step
/// tokens per second in P steps = P R / max(latency, P * work of the busiest silo)
/// </code>
/// Reading takes bytes / memory bandwidth, or operations / speed if that is longer. Reading K/V is left out, as in <see cref="SpeedEstimate"/>.
/// Any thread; results are kept.
/// </summary>
internal sealed class StepEstimate(PlanState state)
{
    // More steps must promise at least this much: each costs messages and scratch memory.
    private const double MinGain = 1.02;

    private readonly PlanState _state = state;
    private readonly PlanProblem _problem = state.Problem;
    private readonly Dictionary<int, StepTimes> _times = [];
    private readonly Dictionary<(int Sequences, int Most), int> _steps = [];

    /// <summary>In how many steps at once sequences are decoded fastest.</summary>
    /// <param name="sequences">Number of sequences, at least 1.</param>
    /// <param name="most">Most steps in flight, at least 1.</param>
    /// <returns>1 to the smaller of both.</returns>
    public int Steps(int sequences, int most)
    {
        lock (_steps)
        {
            if (!_steps.TryGetValue((sequences, most), out int best))
            {
                best = 1;
                for (int steps = 2; steps <= Math.Min(sequences, most); steps++)
                {
                    best = TokensPerSecond(sequences, steps) > MinGain * TokensPerSecond(sequences, best) ? steps : best;
                }

                _steps[(sequences, most)] = best;
            }

            return best;
        }
    }

    /// <summary>Tokens per second of all sequences together.</summary>
    public double TokensPerSecond(int sequences, int steps)
    {
        StepTimes times = Of((sequences + steps - 1) / steps);
        return sequences / Math.Max(times.Latency, steps * times.Work.Max());
    }

    /// <summary>The part of the time that each silo works, 0 to 1, in the order of the problem's silos.</summary>
    public double[] Busy(int sequences, int steps)
    {
        StepTimes times = Of((sequences + steps - 1) / steps);
        double round = Math.Max(times.Latency, steps * times.Work.Max());
        return [.. times.Work.Select(work => steps * work / round)];
    }

    // Rows are rounded up to one of a few numbers, so that an estimate is made a few times and not for every number of sequences.
    private StepTimes Of(int rows)
    {
        int step = 1;
        while (rows > 8 * step)
        {
            step *= 2;
        }

        rows = (rows + step - 1) / step * step;
        lock (_times)
        {
            return _times.TryGetValue(rows, out StepTimes? times) ? times : _times[rows] = Compute(rows);
        }
    }

    private StepTimes Compute(int rows)
    {
        ModelConfig config = _problem.Config;
        double[] work = new double[_problem.Silos.Length];
        double latency = 0;
        double[] layerWork = [];
        double layerLatency = 0;
        for (int l = 0; l < config.Layers; l++)
        {
            int home = _state.AttentionSilo(l);
            if (l == 0 || !_state.HasSameFeedForward(l - 1, l))
            {
                (layerWork, layerLatency) = FeedForward(l, home, rows);
            }

            double attention = _problem.ReadSeconds(home, _problem.Sizes.Attention(l) + _problem.Sizes.Gate(l), _problem.Sizes.AttentionType(l), rows);
            work[home] += attention;
            latency += attention + layerLatency;
            for (int s = 0; s < work.Length; s++)
            {
                work[s] += layerWork[s];
            }

            if (l > 0 && _state.AttentionSilo(l - 1) != home)
            {
                latency += _problem.HopSeconds(_state.AttentionSilo(l - 1), home, rows);
            }
        }

        int last = _state.AttentionSilo(config.Layers - 1);
        double head = _problem.ReadSeconds(last, _problem.Sizes.Head, _problem.Sizes.HeadType, rows);
        work[last] += head;
        return new StepTimes(latency + head, work);
    }

    private (double[] Work, double Latency) FeedForward(int layer, int home, int rows)
    {
        double[] work = new double[_problem.Silos.Length];
        double shared = _problem.ReadSeconds(home, _problem.Sizes.Shared(layer), _problem.Sizes.SharedType(layer), rows);
        work[home] = shared;
        int[] owners = _state.ExpertOwner[layer];
        List<SiloExpertTiming> timings = [];
        for (int s = 0; s < work.Length; s++)
        {
            double chosen = 0, chosenRows = 0;
            List<double> read = [];
            for (int e = 0; e < owners.Length; e++)
            {
                if (owners[e] == s)
                {
                    double p = _problem.ExpertProbability[layer][e];
                    double q = 1 - Math.Pow(1 - p, rows);
                    read.Add(q);
                    chosen += q;
                    chosenRows += rows * p;
                }
            }

            if (read.Count == 0 && s != home)
            {
                continue;
            }

            double seconds = chosen == 0 ? 0 : _problem.ReadSeconds(s, _problem.ExpertBytes[layer], _problem.Sizes.ExpertType(layer), chosenRows / chosen);
            double bytes = 2 * chosenRows * _problem.Config.HiddenSize * PlanProblem.SentElementBytes;
            double call = s == home ? 0 : _problem.CallSeconds(home, s) + (bytes * _problem.SecondsPerByte(home, s));
            work[s] += chosen * seconds;
            timings.Add(new SiloExpertTiming([.. read], s == home ? shared : 0, s == home ? shared : call, seconds));
        }

        return (work, new SlowestSiloEstimate(null, [.. timings]).Slowest());
    }

    /// <summary>The times of one step.</summary>
    /// <param name="Latency">Seconds from its start to its end if it is alone.</param>
    /// <param name="Work">Seconds that each silo works for it.</param>
    private sealed record StepTimes(double Latency, double[] Work);
}
