using System.Diagnostics;
using HunyuanOrleans.Bench.Peers.Engines;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Measurement;

namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>
/// Measures one form of weights in both engines. They take turns within every round, because the machine's speed varies, and the limits are measured
/// between their turns. The best round of each counts.
/// </summary>
/// <param name="own">The model in our engine; stays the caller's.</param>
/// <param name="peer">The same model in llama.cpp; stays the caller's.</param>
/// <param name="form">The form of the weights.</param>
/// <param name="rounds">Number of rounds.</param>
internal sealed class PeerBenchmark(OwnModel own, IPeerModel peer, PeerForm form, int rounds) : IDisposable
{
    private readonly MachineLimits _limits = new(own.Pool, InstructionSets.Choose());

    // The same tokens for both engines, and in every run of the program.
    private readonly Random _random = new(1);

    /// <summary>Measures cases. Those with the same number of sequences share their contexts, which are filled once.</summary>
    public IEnumerable<PeerResult> Measure(IEnumerable<PeerCase> cases)
    {
        foreach (IGrouping<int, PeerCase> group in cases.GroupBy(static what => what.Sequences))
        {
            int positions = group.Max(static what => what.Positions);
            using IPeerContext ours = own.CreateContext(group.Key, positions);
            using IPeerContext theirs = peer.CreateContext(group.Key, positions);
            foreach (PeerCase what in group)
            {
                yield return Measure(what, ours, theirs);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _limits.Dispose();

    private PeerResult Measure(PeerCase what, IPeerContext ours, IPeerContext theirs)
    {
        int[] context = RandomTokens(what.Sequences * Math.Max(0, what.Context - ours.Length));
        int[] tokens = RandomTokens(what.RoundTokens);
        own.Run(() => PeerStep.Fill(ours, what.Sequences, context));
        peer.Run(() => PeerStep.Fill(theirs, what.Sequences, context));

        // The first round compiles code and touches memory for the first time.
        Round(own, ours, what, tokens);
        Round(peer, theirs, what, tokens);
        double ownBest = 0, peerBest = 0, read = 0, peak = 0;
        for (int round = 0; round < rounds; round++)
        {
            ownBest = Math.Max(ownBest, Round(own, ours, what, tokens));
            peerBest = Math.Max(peerBest, Round(peer, theirs, what, tokens));
            own.Run(() =>
            {
                read = Math.Max(read, _limits.ReadBandwidth());
                peak = Math.Max(peak, _limits.PeakOperations(form.Element));
            });
        }

        return new PeerResult(form.Weights, form.Gguf.ToString(), what.Name, ownBest, peerBest, ownBest / peerBest, read, peak);
    }

    // Tokens/s of the steps of one round.
    private static double Round(IPeerModel model, IPeerContext context, PeerCase what, int[] tokens)
    {
        int perStep = what.Sequences * what.Tokens;
        TimeSpan elapsed = default;
        model.Run(() =>
        {
            context.Truncate(what.Context);
            long start = Stopwatch.GetTimestamp();
            for (int step = 0; step < what.Steps; step++)
            {
                context.Step(tokens.AsSpan(step * perStep, perStep));
            }

            elapsed = Stopwatch.GetElapsedTime(start);
        });
        return what.RoundTokens / elapsed.TotalSeconds;
    }

    private int[] RandomTokens(int count)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = _random.Next(own.VocabSize);
        }

        return tokens;
    }
}
