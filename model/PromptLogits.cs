using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Adapters;

namespace HunyuanOrleans.Model;

/// <summary>Computes the logits of a prompt in chunks and passes them on row by row.</summary>
public static class PromptLogits
{
    /// <summary>Computes the logits of all positions of a prompt, or of the last position only.</summary>
    /// <param name="model">The model. Its K/V pool must have room for the prompt, and its steps must allow <paramref name="chunk"/> tokens.</param>
    /// <param name="ids">The token ids of the prompt.</param>
    /// <param name="chunk">Number of tokens per step, at least 1.</param>
    /// <param name="all">Whether to compute the logits of every position.</param>
    /// <param name="progress">Receives the number of tokens processed so far.</param>
    /// <param name="row">Receives each row of logits in the order of positions; the row is valid during the call only.</param>
    /// <param name="cancellation">Cancels between steps.</param>
    /// <param name="adapter">The adapter of all tokens; null (default): none.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Run(
        ModelRunner model,
        int[] ids,
        int chunk,
        bool all,
        Action<int> progress,
        Action<ReadOnlySpan<float>> row,
        CancellationToken cancellation,
        LoraAdapter? adapter = null)
    {
        int[] blocks = [.. Enumerable.Range(0, model.Cache.Blocks)];
        AttentionBatch batch = model.CreateBatch();
        AdapterRows adapters = new();
        for (int start = 0; start < ids.Length; start += chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(chunk, ids.Length - start);
            bool last = start + count == ids.Length;
            int[] wanted = all ? [.. Enumerable.Range(0, count)] : last ? [count - 1] : [];
            batch.Clear();
            batch.Add(new AttentionSlice(0, count, start, blocks));
            adapters.Clear();
            adapters.Add(adapter, count);
            StepLogits logits = model.Forward(ids.AsSpan(start, count), batch, wanted, wanted.Length, adapters);
            logits.CopyRows();
            for (int i = 0; i < wanted.Length; i++)
            {
                row(logits.Row(i));
            }

            progress(start + count);
        }
    }
}
