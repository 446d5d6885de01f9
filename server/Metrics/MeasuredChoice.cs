using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Server.Metrics;

/// <summary>A choice whose times are recorded while it is read.</summary>
internal sealed class MeasuredChoice(IChoice choice, VllmMetrics metrics, TimeProvider time) : IChoice
{
    /// <inheritdoc/>
    public int Index => choice.Index;

    /// <inheritdoc/>
    public Task<ChoiceResult> Completion => choice.Completion;

    /// <inheritdoc/>
    public PromptProgress? Progress => choice.Progress;

    /// <inheritdoc/>
    public void Cancel() => choice.Cancel();

    /// <inheritdoc/>
    public async IAsyncEnumerator<TokenChunk> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        long? last = null;
        await foreach (TokenChunk chunk in choice.WithCancellation(cancellationToken))
        {
            if (chunk.Ids.Length > 0)
            {
                long now = time.GetTimestamp();
                if (last is long before)
                {
                    metrics.RecordTokens(time.GetElapsedTime(before, now), chunk.Ids.Length);
                }

                last = now;
            }

            if (chunk.Finish is FinishReason.Stop or FinishReason.Length)
            {
                metrics.RecordAnswer((await choice.Completion).Timings);
            }

            yield return chunk;
        }
    }
}
