using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;

namespace HunyuanOrleans.Cli.Measuring;

/// <summary>
/// Lets another executor compute and sample every step, and then replaces the sampled tokens by those of a given text, so that an answer of any model is
/// that text. Guesses are accepted as if the model had drawn it.
/// </summary>
/// <param name="inner">Computes the steps; owned by this executor.</param>
/// <param name="text">The tokens of all sequences, by position.</param>
internal sealed class ReplayExecutor(IModelExecutor inner, int[] text) : IModelExecutor
{
    /// <inheritdoc/>
    public ExecutorLimits Limits => inner.Limits;

    /// <inheritdoc/>
    public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
    {
        await inner.ExecuteAsync(batch, result, cancellationToken);
        result.Clear();
        for (int i = 0; i < batch.SliceCount; i++)
        {
            Replay(batch.Slices[i], i, result);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Replay(in SequenceSlice slice, int index, StepResult result)
    {
        ReadOnlySpan<int> drafts = slice.Drafts.Tokens.Span;
        int next = slice.Start + slice.Count - drafts.Length;
        for (int row = 0; row < slice.SampledRows && (row == 0 || drafts[row - 1] == text[next + row - 1]); row++)
        {
            result.Add(index, new SampledToken(text[next + row], 0, null));
        }
    }
}
