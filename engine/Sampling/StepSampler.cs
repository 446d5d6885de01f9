using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Samples the tokens of a step. Of rows whose settings need no more than the largest logits, a device copies only these; all others are copied whole. The
/// tokens are the same. It owns scratch memory, so an instance serves one thread at a time.
/// </summary>
/// <param name="sampler">Samples single rows.</param>
/// <param name="maxRows">Most rows of a step.</param>
public sealed class StepSampler(Sampler sampler, int maxRows)
{
    private readonly SamplingState?[] _states = new SamplingState?[maxRows];
    private int _rows;

    /// <summary>Adds the sampling state of the next row of the next <see cref="Run"/>.</summary>
    public void Add(SamplingState state) => _states[_rows++] = state;

    /// <summary>Forgets the added states.</summary>
    public void Clear()
    {
        _states.AsSpan(0, _rows).Clear();
        _rows = 0;
    }

    /// <summary>Samples a token for each added state, and forgets the states.</summary>
    /// <param name="logits">A row for each of them, and no more; overwritten.</param>
    /// <param name="tokens">Receives the tokens.</param>
    public void Run(StepLogits logits, Span<SampledToken> tokens)
    {
        int most = 0;
        for (int row = 0; row < _rows; row++)
        {
            most = Math.Max(most, sampler.LargestFor(_states[row]!, logits.MaxLargest));
        }

        if (most > 0)
        {
            logits.SelectLargest(most);
        }
        else
        {
            logits.CopyRows();
        }

        for (int row = 0; row < _rows; row++)
        {
            SamplingState state = _states[row]!;
            bool fits = sampler.LargestFor(state, logits.MaxLargest) > 0;
            if (!fits || !sampler.TrySample(logits.Largest(row), state, out tokens[row]))
            {
                tokens[row] = sampler.Sample(logits.Row(row), state);
            }
        }

        Clear();
    }
}
