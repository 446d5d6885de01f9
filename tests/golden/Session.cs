using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>
/// Runs one sequence directly on a <see cref="ModelRunner"/>, with KV blocks from a part of the pool that the test chooses.
/// </summary>
internal sealed class Session(ModelRunner model, int firstBlock = 0, LoraAdapter? adapter = null)
{
    private readonly int[] _blocks = [.. Enumerable.Range(0, model.Cache.Blocks).Select(i => (firstBlock + i) % model.Cache.Blocks)];

    public int Length { get; private set; }

    public static ModelRunner Load(string folder, ComputeMode mode, int threads = 1, InstructionSet? isa = null, int kvTokens = 1024, KvFormat? kv = null,
        QuantFormat? quant = null) =>
        ModelRunner.Load(folder, new ModelOptions { Mode = mode, Kv = kv, Isa = isa, Threads = threads, KvTokens = kvTokens, PinThreads = false, MaxBatchTokens = 512, MaxLogitRows = 256, Quant = quant });

    /// <summary>Appends tokens in chunks and returns the logits of every row, [tokens][vocabulary].</summary>
    public float[][] Append(ReadOnlySpan<int> ids, int chunk = int.MaxValue)
    {
        List<float[]> logits = [];
        for (int at = 0; at < ids.Length;)
        {
            int count = Math.Min(chunk, ids.Length - at);
            AttentionBatch batch = model.CreateBatch();
            batch.Add(Slice(0, count));
            AdapterRows adapters = new();
            adapters.Add(adapter, count);
            StepLogits rows = model.Forward(ids.Slice(at, count), batch, [.. Enumerable.Range(0, count)], count, adapters);
            for (int i = 0; i < count; i++)
            {
                logits.Add(rows.Row(i).ToArray());
            }

            Advance(count);
            at += count;
        }

        return [.. logits];
    }

    public AttentionSlice Slice(int firstRow, int count) => new(firstRow, count, Length, _blocks);

    public void Advance(int count) => Length += count;
}
