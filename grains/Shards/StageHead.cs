using System.Runtime.InteropServices;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>
/// Computes logits after the last layer, samples and scores. All stages of a silo share it, because it is used within one job of the device's thread.
/// </summary>
internal sealed class StageHead : IDisposable
{
    private readonly IModelDevice _device;
    private readonly StepLogits _logits;
    private readonly SequenceSampler _sampler;
    private readonly int[] _rows;

    /// <summary>Creates a head. The memory for logits is allocated with the first that are computed: only the last stage of a route computes any.</summary>
    /// <param name="device">The device.</param>
    public StageHead(IModelDevice device)
    {
        _device = device;
        _rows = new int[device.Options.MaxLogitRows];
        _logits = new StepLogits(_rows.Length, device.Config.VocabSize);
        _sampler = new SequenceSampler(device.Config.VocabSize);
    }

    /// <summary>Computes the result of a step whose last layer is computed.</summary>
    /// <param name="step">The step.</param>
    /// <param name="batch">Its rows.</param>
    /// <param name="runner">Holds the residual stream.</param>
    public StepReply Finish(StepMessage step, AttentionBatch batch, IStageRunner runner)
    {
        int wanted = 0, sampled = 0;
        for (int i = 0; i < step.Slices.Length; i++)
        {
            ref readonly AttentionSlice slice = ref batch.Slices[i];
            sampled += step.Slices[i].Sampling is null ? 0 : 1;
            for (int row = slice.Count - step.Slices[i].SampledRows; row < slice.Count; row++)
            {
                _rows[wanted++] = slice.FirstRow + row;
            }
        }

        if (wanted > 0)
        {
            runner.Logits(_rows, wanted, _logits);
            _device.Synchronize();
        }

        return Sample(step, sampled, drafted: wanted > sampled) with { Scores = Score(step, batch, runner) };
    }

    /// <inheritdoc/>
    public void Dispose() => _logits.Dispose();

    private StepReply Sample(StepMessage step, int slices, bool drafted)
    {
        List<TokenMessage> tokens = new(slices);
        List<byte[]>? logits = step.WantsLogits ? [] : null;
        int[]? counts = drafted ? new int[slices] : null;
        SamplingState[] states = States(step, slices, out int largest);
        if (slices > 0)
        {
            _logits.Fetch(logits is null ? largest : 0);
        }

        int first = 0, next = 0;
        foreach (SliceMessage slice in step.Slices)
        {
            if (slice.Sampling is null)
            {
                continue;
            }

            int before = tokens.Count;
            _sampler.Begin(states[next], slice.Drafts?.ToDrafts() ?? default);
            for (int row = first; !_sampler.IsDone; row++)
            {
                // Sampling overwrites the row.
                logits?.Add(MemoryMarshal.AsBytes(_logits.Row(row)).ToArray());
                tokens.Add(TokenMessage.Of(_sampler.Sample(_logits, row)));
            }

            first += slice.SampledRows;
            if (counts is not null)
            {
                counts[next] = tokens.Count - before;
            }

            next++;
        }

        return new StepReply([.. tokens], logits?.SelectMany(static row => row).ToArray(), null, counts);
    }

    private SamplingState[] States(StepMessage step, int slices, out int largest)
    {
        SamplingState[] states = new SamplingState[slices];
        int next = 0;
        largest = 0;
        foreach (SliceMessage slice in step.Slices)
        {
            if (slice.Sampling is { } sampling)
            {
                SamplingState state = states[next++] = sampling.ToState();
                largest = Math.Max(largest, _sampler.LargestFor(state, _logits));
            }
        }

        return states;
    }

    // The head computes as many rows at once as it has room for.
    private TokenMessage[]? Score(StepMessage step, AttentionBatch batch, IStageRunner runner)
    {
        int wanted = 0;
        foreach (SliceMessage slice in step.Slices)
        {
            wanted += slice.Scoring?.Targets.Length ?? 0;
        }

        if (wanted == 0)
        {
            return null;
        }

        TokenMessage[] scores = new TokenMessage[wanted];
        int next = 0;
        for (int s = 0; s < step.Slices.Length; s++)
        {
            int[] targets = step.Slices[s].Scoring?.Targets ?? [];
            for (int first = 0; first < targets.Length; first += _rows.Length)
            {
                ScoringMessage scoring = step.Slices[s].Scoring!;
                int count = Math.Min(_rows.Length, targets.Length - first);
                for (int i = 0; i < count; i++)
                {
                    _rows[i] = batch.Slices[s].FirstRow + scoring.FirstRow + first + i;
                }

                runner.Logits(_rows, count, _logits);
                _device.Synchronize();
                _logits.CopyRows();
                for (int i = 0; i < count; i++)
                {
                    scores[next++] = TokenMessage.Of(_sampler.Score(_logits.Row(i), targets[first + i], scoring.Alternatives));
                }
            }
        }

        return scores;
    }
}
