using System.Diagnostics;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>
/// Measures contenders in turn, so that whatever the machine does to one it does to all, and compares each with the first. The best run of each
/// counts, since the machine only ever takes away.
/// </summary>
internal sealed class ClusterMeter(IReadOnlyList<IContender> contenders, BenchPlan plan, int vocabulary, int stepTokens)
{
    private readonly Random _random = new(1);

    /// <summary>Number of measurements, for progress.</summary>
    public int Runs => contenders.Count * plan.Repeats * (1 + plan.Batches.Length);

    /// <summary>Measures everything.</summary>
    public async Task<BenchContender[]> RunAsync(ProgressReport report, CancellationToken cancellationToken)
    {
        double[] prefill = new double[contenders.Count];
        double[,] decode = new double[contenders.Count, plan.Batches.Length];
        WireUse[,] wire = new WireUse[contenders.Count, plan.Batches.Length];
        int done = 0;
        foreach (IContender contender in contenders)
        {
            await DecodeAsync(contender, plan.Batches.Max(), cancellationToken);
        }

        for (int repeat = 0; repeat < plan.Repeats; repeat++)
        {
            for (int c = 0; c < contenders.Count; c++)
            {
                prefill[c] = Math.Max(prefill[c], await PrefillAsync(contenders[c], cancellationToken));
                report(++done, Runs);
            }

            for (int b = 0; b < plan.Batches.Length; b++)
            {
                for (int c = 0; c < contenders.Count; c++)
                {
                    (double speed, WireUse use) = await DecodeAsync(contenders[c], plan.Batches[b], cancellationToken);
                    (decode[c, b], wire[c, b]) = speed > decode[c, b] ? (speed, use) : (decode[c, b], wire[c, b]);
                    report(++done, Runs);
                }
            }
        }

        List<BenchContender> results = [];
        for (int c = 0; c < contenders.Count; c++)
        {
            List<BenchClusterDecode> runs = [];
            for (int b = 0; b < plan.Batches.Length; b++)
            {
                WireUse use = wire[c, b];
                double? floor = await contenders[c].CallFloorAsync((int)(use.BytesPerCall / 2));
                runs.Add(new BenchClusterDecode(
                    plan.Batches[b], decode[c, b], decode[c, b] / decode[0, b], use.CallsPerToken, use.BytesPerToken, use.CallMicroseconds, floor * 1e6));
            }

            results.Add(new BenchContender(contenders[c].Name, contenders[c].Silos, prefill[c], prefill[c] / prefill[0], [.. runs]));
        }

        return [.. results];
    }

    private async Task<double> PrefillAsync(IContender contender, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        double speed = 0;
        await foreach (int tokens in contender.RunAsync(Request(1), cancellationToken))
        {
            if (tokens > 0)
            {
                speed = plan.Prompt / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        return speed;
    }

    // From when the last answer has begun to when the first one ends, all decode together.
    private async Task<(double Speed, WireUse Use)> DecodeAsync(IContender contender, int batch, CancellationToken cancellationToken)
    {
        StreamTimes times = new(batch);
        Traffic before = await contender.TrafficAsync();
        await Task.WhenAll(Enumerable.Range(0, batch).Select(i => ReadAsync(contender, times, i, plan.AnswerTokens(batch, stepTokens), cancellationToken)));
        Traffic traffic = (await contender.TrafficAsync()).Since(before);
        return (times.TokensPerSecond(), WireUse.Of(traffic, (long)batch * (plan.Prompt + plan.AnswerTokens(batch, stepTokens))));
    }

    private async Task ReadAsync(IContender contender, StreamTimes times, int stream, int generate, CancellationToken cancellationToken)
    {
        await foreach (int tokens in contender.RunAsync(Request(generate), cancellationToken))
        {
            times.Came(stream, tokens);
        }

        times.Ended(stream);
    }

    private GenerationRequest Request(int generate)
    {
        int[] prompt = new int[plan.Prompt];
        lock (_random)
        {
            for (int i = 0; i < prompt.Length; i++)
            {
                prompt[i] = _random.Next(vocabulary);
            }
        }

        return new GenerationRequest { PromptIds = prompt, Sampling = SamplingParams.Greedy, MaxTokens = generate, IgnoreEos = true };
    }
}
