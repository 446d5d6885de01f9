using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>Runs one prompt through a model in chunks and hands out logits row by row. It knows no files and no options.</summary>
internal static class PromptLogits
{
    /// <summary>Computes the logits of all positions of a prompt, or of the last only.</summary>
    /// <param name="model">The model; its KV pool must hold the prompt, and its steps <paramref name="chunk"/> tokens.</param>
    /// <param name="ids">The prompt.</param>
    /// <param name="chunk">Tokens per step.</param>
    /// <param name="all">Whether every position is wanted.</param>
    /// <param name="progress">Told tokens done.</param>
    /// <param name="row">Gets each wanted row in order, valid during the call.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static void Run(
        ModelRunner model,
        int[] ids,
        int chunk,
        bool all,
        Action<int> progress,
        Action<ReadOnlySpan<float>> row,
        CancellationToken cancellation)
    {
        int[] blocks = [.. Enumerable.Range(0, model.Cache.Blocks)];
        AttentionBatch batch = model.CreateBatch();
        for (int start = 0; start < ids.Length; start += chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(chunk, ids.Length - start);
            bool last = start + count == ids.Length;
            int[] wanted = all ? [.. Enumerable.Range(0, count)] : last ? [count - 1] : [];
            batch.Clear();
            batch.Add(new AttentionSlice(0, count, start, blocks));
            Activation logits = model.Forward(ids.AsSpan(start, count), batch, wanted, wanted.Length);
            for (int i = 0; i < wanted.Length; i++)
            {
                row(logits.Row(i));
            }

            progress(start + count);
        }
    }
}
