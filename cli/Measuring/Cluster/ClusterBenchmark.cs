using System.Diagnostics;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Cli.Measuring.Cluster;

/// <summary>
/// Measures several targets in turn and compares each with the first. The turns spread disturbances of the machine over all targets, and only
/// the fastest run of each counts, because disturbances never make a run faster.
/// </summary>
/// <param name="targets">What to measure; stays the caller's.</param>
/// <param name="plan">Lengths, batches and number of runs.</param>
/// <param name="vocabulary">Number of token ids, from which prompts are drawn.</param>
/// <param name="stepTokens">Most tokens of a step.</param>
internal sealed class ClusterBenchmark(IReadOnlyList<IBenchTarget> targets, BenchPlan plan, int vocabulary, int stepTokens)
{
    private readonly Random _random = new(1);

    /// <summary>Number of measurements, for progress.</summary>
    public int Runs => targets.Count * plan.Repeats * (1 + plan.Batches.Length);

    /// <summary>Warms all targets up, then measures them.</summary>
    public async Task<BenchTargetResult[]> RunAsync(ProgressReport report, CancellationToken cancellationToken)
    {
        double[] prefill = new double[targets.Count];
        double[,] decode = new double[targets.Count, plan.Batches.Length];
        WireStatistics[,] wire = new WireStatistics[targets.Count, plan.Batches.Length];
        int done = 0;
        foreach (IBenchTarget target in targets)
        {
            await DecodeAsync(target, plan.Batches.Max(), cancellationToken);
        }

        for (int repeat = 0; repeat < plan.Repeats; repeat++)
        {
            for (int t = 0; t < targets.Count; t++)
            {
                prefill[t] = Math.Max(prefill[t], await PrefillAsync(targets[t], cancellationToken));
                report(++done, Runs);
            }

            for (int b = 0; b < plan.Batches.Length; b++)
            {
                for (int t = 0; t < targets.Count; t++)
                {
                    (double speed, WireStatistics statistics) = await DecodeAsync(targets[t], plan.Batches[b], cancellationToken);
                    (decode[t, b], wire[t, b]) = speed > decode[t, b] ? (speed, statistics) : (decode[t, b], wire[t, b]);
                    report(++done, Runs);
                }
            }
        }

        List<BenchTargetResult> results = [];
        for (int t = 0; t < targets.Count; t++)
        {
            List<BenchClusterDecode> runs = [];
            for (int b = 0; b < plan.Batches.Length; b++)
            {
                WireStatistics statistics = wire[t, b];
                double? emptyCall = await targets[t].MeasureEmptyCallAsync((int)(statistics.BytesPerCall / 2));
                runs.Add(new BenchClusterDecode(
                    plan.Batches[b], decode[t, b], decode[t, b] / decode[0, b],
                    statistics.CallsPerToken, statistics.BytesPerToken, statistics.CallMicroseconds, emptyCall * 1e6));
            }

            results.Add(new BenchTargetResult(targets[t].Name, targets[t].Silos, prefill[t], prefill[t] / prefill[0], [.. runs]));
        }

        return [.. results];
    }

    private async Task<double> PrefillAsync(IBenchTarget target, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        double speed = 0;
        await foreach (int tokens in target.RunAsync(CreateRequest(1), cancellationToken))
        {
            if (tokens > 0)
            {
                speed = plan.Prompt / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        return speed;
    }

    private async Task<(double Speed, WireStatistics Statistics)> DecodeAsync(IBenchTarget target, int batch, CancellationToken cancellationToken)
    {
        int answerTokens = plan.AnswerTokens(batch, stepTokens);
        StreamTimings timings = new(batch);
        SiloTraffic before = await target.GetTrafficAsync();
        await Task.WhenAll(Enumerable.Range(0, batch).Select(stream => ReadAsync(target, timings, stream, answerTokens, cancellationToken)));
        SiloTraffic traffic = (await target.GetTrafficAsync()).Since(before);
        return (timings.TokensPerSecond(), WireStatistics.Of(traffic, (long)batch * (plan.Prompt + answerTokens)));
    }

    private async Task ReadAsync(IBenchTarget target, StreamTimings timings, int stream, int maxTokens, CancellationToken cancellationToken)
    {
        await foreach (int tokens in target.RunAsync(CreateRequest(maxTokens), cancellationToken))
        {
            timings.RecordTokens(stream, tokens);
        }

        timings.RecordEnd(stream);
    }

    private GenerationRequest CreateRequest(int maxTokens)
    {
        int[] prompt = new int[plan.Prompt];
        lock (_random)
        {
            for (int i = 0; i < prompt.Length; i++)
            {
                prompt[i] = _random.Next(vocabulary);
            }
        }

        return new GenerationRequest { PromptIds = prompt, Sampling = SamplingParams.Greedy, MaxTokens = maxTokens, IgnoreEos = true };
    }
}
